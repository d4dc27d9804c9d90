import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { hasOwnJsonForm } from './check-well-known.js';
import { isPlainMessage } from './mask-rule.js';
import type { MaskScope } from './mask-rule.js';
import type { MessageChecks } from './message-checks.js';

/** One resolved path of a mask. */
export interface MaskPath {
  /** Path in proto names, from the scope down. */
  readonly path: string;
  /** Fields on the way, from the request message down. Keys of maps are omitted. */
  readonly fields: readonly DescField[];
}

/** Elements that may follow in a path: a field of a message, the key of a map, or any text within a Struct. */
type Next = { readonly message: DescMessage } | { readonly keysOf: DescField } | 'text' | undefined;

/** Resolves a path in proto or JSON names; undefined when it does not exist. */
export function resolveMaskPath(scope: MaskScope, path: string, checks: MessageChecks): MaskPath | undefined {
  const names: string[] = [];
  const fields: DescField[] = [...scope.fields];
  let next: Next = { message: scope.message };
  for (const segment of path.split('.')) {
    const field: DescField | undefined =
      typeof next === 'object' && 'message' in next ? checks.field(next.message, segment) : undefined;
    if (field === undefined && (next === undefined || (next !== 'text' && 'message' in next))) return undefined;
    names.push(field?.name ?? segment);
    if (field !== undefined) fields.push(field);
    next = field === undefined ? afterKey(next) : afterField(field);
  }
  return { path: names.join('.'), fields };
}

function afterField(field: DescField): Next {
  if (isPlainMessage(field)) return { message: field.message };
  if (field.fieldKind === 'map') return { keysOf: field };
  return field.message?.typeName === 'google.protobuf.Struct' ? 'text' : undefined;
}

function afterKey(next: Next): Next {
  if (next === 'text' || next === undefined || !('keysOf' in next)) return next;
  const { message } = next.keysOf;
  return message === undefined || hasOwnJsonForm(message) ? 'text' : { message };
}
