import { create } from '@bufbuild/protobuf';
import type { DescField, DescMessage, Message } from '@bufbuild/protobuf';
import { protoSnakeCase, reflect } from '@bufbuild/protobuf/reflect';
import type { ReflectMessage } from '@bufbuild/protobuf/reflect';
import { FieldMaskSchema } from '@bufbuild/protobuf/wkt';
import type { JsonObject } from './exact-number.js';
import type { Violations } from './violations.js';
import { getField, setField } from './json-fields.js';

/**
 * Keeps FieldMasks of a query, whose paths may be in snake_case: their JSON form has no underscores and cannot
 * represent `address_line_1`. They are kept aside while the message is read, and are then set unchanged.
 */
export class QueryMasks {
  private readonly masks: { readonly fields: readonly DescField[]; readonly text: string }[] = [];

  add(fields: readonly DescField[], text: string): void {
    this.masks.push({ fields, text });
  }

  /** Replaces the masks by empty ones in the request, so that everything around them is read as usual. */
  takeOut(root: JsonObject, violations: Violations): void {
    for (const { fields } of this.masks)
      if (getField(root, fields) !== undefined) setField(root, fields, '', violations);
  }

  putBack(desc: DescMessage, message: Message): void {
    for (const { fields, text } of this.masks) {
      const paths = text === '' ? [] : text.split(',').map(toProtoNames);
      const parent = fields
        .slice(0, -1)
        .reduce<ReflectMessage>(
          (node, field) => node.get(field as DescField & { fieldKind: 'message' }),
          reflect(desc, message),
        );
      parent.set(fields.at(-1) as DescField, reflect(FieldMaskSchema, create(FieldMaskSchema, { paths })));
    }
  }
}

function toProtoNames(path: string): string {
  return path.includes('_') ? path : protoSnakeCase(path);
}
