import { fromBinary, toJson } from '@bufbuild/protobuf';
import type { DescField, DescMessage, JsonValue, JsonWriteOptions, Registry } from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';
import { GatewayError } from '../../domain/errors.js';
import { unreadableResponse } from '../http-body.js';
import type { FieldMarks } from './field-marks.js';
import { type JsonNames, nameOf } from './field-shape.js';
import { MessageSettler } from './message-settler.js';
import { redactSchema } from './redacted-schema.js';
import { MAX_JSON_BYTES, tooLarge } from './scratch.js';
import { TenantWalk } from './tenant-walk.js';
import { WireCheck } from './wire-check.js';

/** `JSON.rawJSON` of ECMAScript 2026, which Node has had since 21. */
const MINUS_ZERO = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON('-0');

/** Data that a slow path needs about a response. */
export interface SlowPathOptions extends JsonNames {
  readonly registry: Registry;
  readonly emitDefaults: boolean;
  readonly marks: FieldMarks;
  readonly redacts: boolean;
  readonly shown: DescField | undefined;
  /** JSON of the shown field when it is absent. */
  readonly absent: string;
}

/** Writes any message with Protobuf-ES, and is the only place that determines what is wrong with a response. */
export class SlowPath {
  private readonly wire: WireCheck;
  private readonly tenants: TenantWalk;
  private readonly settler: MessageSettler | undefined;
  /** The types without the redacted fields. */
  private readonly seen: { readonly desc: DescMessage; readonly registry: Registry };

  constructor(
    private readonly desc: DescMessage,
    private readonly options: SlowPathOptions,
  ) {
    const { registry, marks } = options;
    this.wire = new WireCheck(registry);
    this.tenants = new TenantWalk(registry, marks);
    this.settler = MessageSettler.compile(desc, registry, marks);
    const visible = options.redacts ? redactSchema(desc, registry, marks) : registry;
    this.seen = { desc: options.redacts ? visible.getMessage(desc.typeName)! : desc, registry: visible };
  }

  /** Throws GatewayError UPSTREAM_ERROR or TENANT_LEAK_BLOCKED. */
  write(message: Uint8Array, tenantId: string): Buffer {
    try {
      this.wire.check(this.desc, message);
      if (tenantId !== '') this.refuseForeign(message, tenantId);
      const settled = this.settler?.settle(this.desc, message) ?? message;
      return this.stringify(toJson(this.seen.desc, fromBinary(this.seen.desc, settled), this.jsonOptions()));
    } catch (error) {
      if (error instanceof GatewayError) throw error;
      throw unreadableResponse(error);
    }
  }

  private refuseForeign(message: Uint8Array, tenantId: string): void {
    const field = this.tenants.findForeign(
      reflect(this.desc, fromBinary(this.desc, message)),
      tenantId,
      this.options.shown,
    );
    if (field === undefined) return;
    throw new GatewayError('TENANT_LEAK_BLOCKED', 'The response was blocked because it is not for this tenant.', {
      cause: new Error(`${field} does not hold the tenant of the caller`),
    });
  }

  private stringify(json: JsonValue): Buffer {
    const { shown, absent } = this.options;
    const value = shown ? (json as Record<string, JsonValue>)[nameOf(shown, this.options)] : json;
    const text = value === undefined ? absent : JSON.stringify(value, keepMinusZero);
    if (text.length > MAX_JSON_BYTES) throw tooLarge();
    return Buffer.from(text);
  }

  private jsonOptions(): Partial<JsonWriteOptions> & { registry: Registry } {
    const {
      emitDefaults: alwaysEmitImplicit,
      protoNames: useProtoFieldName,
      enumNumbers: enumAsInteger,
    } = this.options;
    return { registry: this.seen.registry, alwaysEmitImplicit, useProtoFieldName, enumAsInteger };
  }
}

function keepMinusZero(_key: string, value: unknown): unknown {
  return Object.is(value, -0) ? MINUS_ZERO : value;
}
