import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { problemOf } from './contract-problem.js';
import type { ContractProblem } from './contract-problem.js';
import { findUncoveredFields, resolveFieldPath } from './field-path.js';
import { fieldRules, listFields } from './field-rules.js';
import type { FoundField } from './field-rules.js';
import type { Route } from './route.js';

/** The routes of one RPC and the response fields that they show, each by the shortest path to it. */
export interface ShownFields {
  readonly routes: OwnRoutes;
  readonly fields: readonly FoundField[];
}

/**
 * Lists the fields that each RPC shows: everything in its response that neither its policy nor an option of the field
 * redacts.
 */
export function listShown(routes: readonly Route[]): ShownFields[] {
  return byRpc(routes).map((own) => ({ routes: own, fields: fieldsOf(own) }));
}

/** All routes of one RPC. */
type OwnRoutes = readonly [Route, ...Route[]];

function byRpc(routes: readonly Route[]): OwnRoutes[] {
  return [...Map.groupBy(routes, ({ desc }) => desc).values()].flatMap(([first, ...others]) =>
    first === undefined ? [] : [[first, ...others] as const],
  );
}

/** Finds fields that the policy of one RPC redacts and that it or another RPC shows elsewhere without declaring so. */
export function findUnevenRedaction(routes: readonly Route[]): ContractProblem[] {
  const hiding = new Map<string, Route>();
  for (const route of routes) for (const key of redactedBy(route)) if (!hiding.has(key)) hiding.set(key, route);
  if (hiding.size === 0) return [];
  return byRpc(routes).flatMap((own) => {
    const [route] = own;
    const { desc } = route;
    const revealed = new Set(keysOf(route, route.method.policy.reveal ?? []));
    return findShown(own, (field) => hiding.has(keyOf(field)) && !revealed.has(keyOf(field))).map((path) => {
      const field = findHidden(desc.output, path, hiding);
      const other = hiding.get(keyOf(field))?.method.name;
      const ways = `(gateway.v1.field).redact on the field, redact: "${path}", or reveal: "${path}"`;
      const what = `policy: shows "${path}" (${field.parent.typeName}.${field.name})`;
      return problemOf(desc, `${what}, which the policy of ${other} redacts: set ${ways}`);
    });
  });
}

/**
 * Returns paths of the matching fields that an RPC shows: each place in its response that it neither redacts nor
 * reveals.
 */
function findShown([first, ...others]: OwnRoutes, matches: (field: DescField) => boolean): readonly string[] {
  const { policy } = first.method;
  const bodies = [first, ...others].map(({ responseBody }) => responseBody);
  const apart = bodies.includes(undefined) ? [] : first.desc.output.fields.filter((field) => !bodies.includes(field));
  const covered = [...policy.redact, ...(policy.reveal ?? []), ...apart.map(({ name }) => name)];
  return findUncoveredFields(first.desc.output, { matches, skips: (field) => fieldRules(field).redact, covered });
}

/** Returns the hidden field at a path, or below it where a message is recursive. */
function findHidden(message: DescMessage, path: string, hiding: ReadonlyMap<string, Route>): DescField {
  const fields = resolveFieldPath(message, path);
  const last = typeof fields === 'string' ? undefined : fields.at(-1);
  const below = last?.message === undefined ? [] : listFields(last.message).map(({ field }) => field);
  const found = [...(last === undefined ? [] : [last]), ...below].find((field) => hiding.has(keyOf(field)));
  if (found === undefined) throw new Error(`${message.typeName} has nothing hidden at ${path}`);
  return found;
}

/** Returns the key of a field, which is the same in every descriptor set. */
export function keyOf(field: DescField): string {
  return `${field.parent.typeName}#${field.number}`;
}

function fieldsOf(own: OwnRoutes): FoundField[] {
  const [route] = own;
  const hidden = new Set(redactedBy(route));
  const isHidden = ({ field }: FoundField): boolean => fieldRules(field).redact || hidden.has(keyOf(field));
  const bodies = [...new Set(own.map(({ responseBody }) => responseBody))];
  // If one field of a response is the whole body, the other fields are not shown.
  const found = bodies.includes(undefined)
    ? listFields(route.desc.output, isHidden)
    : bodies.flatMap((body) => (body === undefined ? [] : fieldsFrom(body, isHidden)));
  return found.filter((place) => !isHidden(place));
}

function fieldsFrom(body: DescField, isHidden: (place: FoundField) => boolean): FoundField[] {
  const below = body.message === undefined ? [] : listFields(body.message, isHidden);
  const prefixed = below.map(({ field, path }) => ({ field, path: `${body.name}.${path}` }));
  return [{ field: body, path: body.name }, ...prefixed];
}

function redactedBy(route: Route): string[] {
  const paths = route.method.policy.redact;
  return keysOf(route, paths);
}

function keysOf({ desc }: Route, paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    const fields = resolveFieldPath(desc.output, path);
    const field = typeof fields === 'string' ? undefined : fields.at(-1);
    return field === undefined || fieldRules(field).redact ? [] : [keyOf(field)];
  });
}
