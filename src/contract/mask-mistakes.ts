import { MethodOptions_IdempotencyLevel as Idempotency } from '@bufbuild/protobuf/wkt';
import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { resolveFieldPath } from './field-path.js';
import { fieldRules, listFields } from './field-rules.js';
import type { FoundField } from './field-rules.js';
import type { Route } from './route.js';

/** Names the field that lists the fields to change (AIP-134). */
const UPDATE_MASK = 'update_mask';
/** Names the field that lists the fields to return (AIP-157). */
const READ_MASK = 'read_mask';

/**
 * Finds masks that the gateway does not check and that a backend could read as a list of fields to change: those in a
 * list of updates (AIP-234), and those with another name than `update_mask`. A protected or privileged field in such a
 * mask would be cleared.
 */
export function findMaskMistakes(route: Route): readonly string[] {
  const { desc, verb, method } = route;
  if (verb === 'GET' || desc.idempotency === Idempotency.NO_SIDE_EFFECTS) return [];
  const listed = [...method.policy.protectedFields, ...(method.policy.privileged?.fields ?? [])];
  const unchecked = listFields(desc.input, ({ field }) => isGuarded(field)).filter((place) =>
    isUnchecked(place, desc.input),
  );
  return unchecked.flatMap(({ field, path }) => {
    const guarded = findGuarded(field.parent, desc.input, listed);
    if (listed.includes(path) || guarded === undefined) return [];
    const ways = 'name it update_mask in the request itself, or set (gateway.v1.field).protected on it';
    return [`the mask "${path}" is not checked and could name "${guarded}", which a client may not set: ${ways}`];
  });
}

/**
 * Returns whether a mask is not checked: any mask of the request itself, or of an update within it. Other masks are
 * data.
 */
function isUnchecked({ field }: FoundField, request: DescMessage): boolean {
  if (field.message?.typeName !== 'google.protobuf.FieldMask' || isGuarded(field)) return false;
  const isUpdateMask = field.name === UPDATE_MASK;
  if (field.parent !== request) return isUpdateMask;
  return isUpdateMask ? field.fieldKind !== 'message' : field.name !== READ_MASK;
}

/** Returns the name of a field below a message that a client must not set, by its own option or by a listed path. */
function findGuarded(scope: DescMessage, request: DescMessage, listed: readonly string[]): string | undefined {
  const ruled = listFields(scope).find(({ field }) => isGuarded(field))?.path;
  return ruled ?? listed.find((path) => leadsThrough(scope, resolveFieldPath(request, path)));
}

function leadsThrough(scope: DescMessage, fields: readonly DescField[] | string): boolean {
  return typeof fields !== 'string' && fields.some(({ parent }) => parent === scope);
}

function isGuarded(field: DescField): boolean {
  const rules = fieldRules(field);
  return rules.protected || rules.privileged;
}
