import type { DescField } from '@bufbuild/protobuf';
import { takesRawBody } from '../http-body.js';
import type { Route } from '../route.js';
import { dotted } from './field-guard.js';
import type { FieldGuard } from './field-guard.js';
import type { MaskRule } from './mask-rule.js';

/** Which fields of a request its client answers for, and where it wrote them. */
export interface RequestPlace {
  /** The field that the JSON body is; undefined where it is the whole message, or there is none. */
  readonly body: DescField | undefined;
  /**
   * Returns whether the client could have set a field: neither the gateway nor the backend does, and an update with this
   * mask changes it. A resource of which an update names a part need not be whole (AIP-134, AIP-203).
   * @param fields the path to it from the request message down.
   * @param mask paths in proto names from the resource down; undefined for a request without one.
   */
  answersFor(fields: readonly DescField[], mask: readonly string[] | undefined): boolean;
}

/** Reads from a route what its client answers for. */
export function requestPlace(route: Route, guard: FieldGuard, rule: MaskRule | undefined): RequestPlace {
  const body = typeof route.body === 'object' ? route.body : undefined;
  const raw = takesRawBody(route) ? body : undefined;
  const bound = new Set(route.variables.map(({ fieldPath }) => fieldPath));
  return {
    body,
    answersFor: (fields, mask) => {
      if (guard.covers(fields) || (raw !== undefined && fields[0] === raw)) return false;
      return mask === undefined || rule === undefined || bound.has(dotted(fields)) || isNamed(fields, mask, rule);
    },
  };
}

/** What is beside the resource is no part of the update. */
function isNamed(fields: readonly DescField[], mask: readonly string[], { scopes, field }: MaskRule): boolean {
  const scope = scopes.find((each) => isBelow(fields, each.fields));
  if (scope === undefined || fields[0] === field) return true;
  const path = `${dotted(fields.slice(scope.fields.length))}.`;
  return mask.some((each) => each === '*' || path.startsWith(`${each}.`));
}

function isBelow(fields: readonly DescField[], above: readonly DescField[]): boolean {
  return fields.length > above.length && above.every((field, index) => fields[index] === field);
}
