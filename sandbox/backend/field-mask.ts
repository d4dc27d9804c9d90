import type { FieldMask } from '@bufbuild/protobuf/wkt';
import { invalidArgument } from './rpc-error.js';
import type { Wire } from './wire.js';

/** Output-only fields in a mask are ignored (AIP-203). */
const OUTPUT_ONLY = new Set(['create_time', 'update_time']);

/**
 * Names of the fields to replace, in the loader's camel case: those of the mask, or all that may be written when it is
 * empty or "*" (AIP-134). Throws INVALID_ARGUMENT for a path that may not be written.
 */
export function fieldsToUpdate<K extends string>(
  mask: Wire<FieldMask> | null | undefined,
  writable: readonly K[],
): readonly K[] {
  const paths = mask?.paths ?? [];
  if (paths.length === 0 || paths.includes('*')) return writable;
  return paths
    .filter((path) => !OUTPUT_ONLY.has(path))
    .map((path) => {
      const field = writable.find((name) => toSnakeCase(name) === path);
      if (field !== undefined) return field;
      const known = writable.map(toSnakeCase).join(', ');
      throw invalidArgument([{ field: 'update_mask', description: `"${path}" cannot be changed; known: ${known}` }]);
    });
}

function toSnakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
