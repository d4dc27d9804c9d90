import type { DescField } from '@bufbuild/protobuf';
import { fieldRules } from '../field-rules.js';
import { takesRawBody } from '../http-body.js';
import type { Route } from '../route.js';
import { dotted } from './field-guard.js';
import type { FieldGuard } from './field-guard.js';
import type { MaskRule } from './mask-rule.js';

/** Defines for which fields of a request its client is responsible, and where it wrote them. */
export interface RequestPlace {
  /** The field that is the JSON body; undefined where the body is the whole message, or absent. */
  readonly body: DescField | undefined;
  /** The names of path variables for errors, by the dotted path of their field. */
  readonly variables: ReadonlyMap<string, string>;
  /**
   * Returns whether the client could have set a field: neither the gateway nor the backend sets it, and an update with
   * this mask changes it. A resource of which an update names a part may be incomplete (AIP-134, AIP-203).
   * @param fields the path to it from the request message down.
   * @param mask paths in proto names from the resource down; undefined for a request without one.
   */
  answersFor(fields: readonly DescField[], mask: readonly string[] | undefined): boolean;
  /**
   * Returns whether the client could have set the whole message at a path, which is not the case for a mask of parts of
   * it.
   */
  answersForAll(fields: readonly DescField[], mask: readonly string[] | undefined): boolean;
}

/** Returns for which parts of the requests of a route the client is responsible. */
export function requestPlace(route: Route, guard: FieldGuard, rule: MaskRule | undefined): RequestPlace {
  const body = typeof route.body === 'object' ? route.body : undefined;
  const raw = takesRawBody(route) ? body : undefined;
  const variables = new Map(route.variables.map(({ fieldPath }) => [fieldPath, fieldPath]));
  const isOther = (fields: readonly DescField[]): boolean =>
    guard.covers(fields) ||
    fields.some((field) => fieldRules(field).outputOnly) ||
    (raw !== undefined && fields[0] === raw);
  return {
    body,
    variables,
    answersFor: (fields, mask) => {
      if (isOther(fields)) return false;
      return mask === undefined || rule === undefined || variables.has(dotted(fields)) || isNamed(fields, mask, rule);
    },
    answersForAll: (fields, mask) => {
      if (isOther(fields)) return false;
      return mask === undefined || rule === undefined || isNamedWhole(fields, mask, rule);
    },
  };
}

/** Returns whether a mask names a field. Fields beside the resource are not part of the update. */
function isNamed(fields: readonly DescField[], mask: readonly string[], rule: MaskRule): boolean {
  const scope = rule.scopes.find((each) => isWithin(fields, each.fields) && fields.length > each.fields.length);
  return scope === undefined || fields[0] === rule.field || isCovered(fields.slice(scope.fields.length), mask);
}

function isNamedWhole(fields: readonly DescField[], mask: readonly string[], rule: MaskRule): boolean {
  const scope = rule.scopes.find((each) => isWithin(fields, each.fields));
  return scope === undefined || isCovered(fields.slice(scope.fields.length), mask);
}

function isCovered(fields: readonly DescField[], mask: readonly string[]): boolean {
  const path = `${dotted(fields)}.`;
  return mask.some((each) => each === '*' || path.startsWith(`${each}.`));
}

function isWithin(fields: readonly DescField[], above: readonly DescField[]): boolean {
  return fields.length >= above.length && above.every((field, index) => fields[index] === field);
}
