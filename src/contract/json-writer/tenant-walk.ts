import { getExtension } from '@bufbuild/protobuf';
import type { DescField, DescMessage, Message, Registry } from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';
import type { ReflectMessage } from '@bufbuild/protobuf/reflect';
import { anyUnpack, AnySchema } from '@bufbuild/protobuf/wkt';
import type { Any } from '@bufbuild/protobuf/wkt';
import type { FieldMarks } from './field-marks.js';

/** Searches a whole message, including Any and extensions, for a field that does not contain the caller's tenant. */
export class TenantWalk {
  constructor(
    private readonly registry: Registry,
    private readonly marks: FieldMarks,
  ) {}

  /**
   * Returns the first field with a foreign or missing tenant, as `user.v1.User.tenant_id`.
   * @param shown the only field of the message that is shown, if it is not the whole message.
   */
  findForeign(message: ReflectMessage, tenantId: string, shown?: DescField): string | undefined {
    if (message.desc.typeName.startsWith('google.protobuf.')) return this.inAny(message, tenantId);
    for (const field of message.fields) {
      if (this.marks.isTenant(field)) {
        if (!holdsTenant(message, field, tenantId)) return `${field.parent.typeName}.${field.name}`;
      } else if (field.message && message.isSet(field) && this.isShown(field, shown)) {
        const foreign = this.inValues(valuesOf(message, field), tenantId);
        if (foreign !== undefined) return foreign;
      }
    }
    return this.inExtensions(message.desc, message.message, tenantId);
  }

  private isShown(field: DescField, shown: DescField | undefined): boolean {
    if (shown) return field.number === shown.number;
    return !this.marks.isRedacted(field.parent.typeName, field.proto);
  }

  private inValues(values: Iterable<ReflectMessage>, tenantId: string): string | undefined {
    for (const value of values) {
      const foreign = this.findForeign(value, tenantId);
      if (foreign !== undefined) return foreign;
    }
    return undefined;
  }

  private inAny(message: ReflectMessage, tenantId: string): string | undefined {
    if (message.desc.typeName !== AnySchema.typeName) return undefined;
    const packed = anyUnpack(message.message as Any, this.registry);
    const desc = packed && this.registry.getMessage(packed.$typeName);
    return desc && this.findForeign(reflect(desc, packed), tenantId);
  }

  private inExtensions(desc: DescMessage, message: Message, tenantId: string): string | undefined {
    for (const { no } of message.$unknown ?? []) {
      const extension = this.registry.getExtensionFor(desc, no);
      if (!extension?.message) continue;
      const value = getExtension(message, extension) as Message | Message[];
      const inner = extension.message;
      const values = (Array.isArray(value) ? value : [value]).map((one) => reflect(inner, one));
      const foreign = this.inValues(values, tenantId);
      if (foreign !== undefined) return foreign;
    }
    return undefined;
  }
}

function holdsTenant(message: ReflectMessage, field: DescField, tenantId: string): boolean {
  if (field.fieldKind === 'list') return [...message.get(field)].every((value) => value === tenantId);
  return message.isSet(field) && message.get(field) === tenantId;
}

function valuesOf(message: ReflectMessage, field: DescField): Iterable<ReflectMessage> {
  if (field.fieldKind === 'list') return message.get(field) as Iterable<ReflectMessage>;
  if (field.fieldKind === 'map') return message.get(field).values() as Iterable<ReflectMessage>;
  return [message.get(field) as ReflectMessage];
}
