import type { DescField } from '@bufbuild/protobuf';
import { problemOf } from './contract-problem.js';
import type { ContractProblem } from './contract-problem.js';
import { resolveFieldPath } from './field-path.js';
import { fieldRules, listFields } from './field-rules.js';
import type { FoundField } from './field-rules.js';
import type { Route } from './route.js';

/** The routes of one RPC and the response fields that they show, each by the shortest path to it. */
export interface ShownFields {
  readonly routes: readonly [Route, ...Route[]];
  readonly fields: readonly FoundField[];
}

/** What each RPC shows: everything in its response that neither its policy nor an option of the field redacts. */
export function listShown(routes: readonly Route[]): ShownFields[] {
  return [...Map.groupBy(routes, ({ desc }) => desc).values()].flatMap((own) => {
    const [first, ...others] = own;
    return first === undefined ? [] : [{ routes: [first, ...others], fields: fieldsOf(first, own) }];
  });
}

/** Fields that the policy of one RPC redacts and another RPC shows without saying that it means to. */
export function findUnevenRedaction(routes: readonly Route[]): ContractProblem[] {
  const hiding = new Map<string, Route>();
  for (const route of routes) for (const key of redactedBy(route)) if (!hiding.has(key)) hiding.set(key, route);
  if (hiding.size === 0) return [];
  return listShown(routes).flatMap(({ routes: [route], fields }) => {
    const revealed = new Set(keysOf(route, route.method.policy.reveal ?? []));
    return fields.flatMap(({ field, path }) => {
      const other = hiding.get(keyOf(field));
      if (other === undefined || revealed.has(keyOf(field))) return [];
      const ways = `(gateway.v1.field).redact on the field, redact: "${path}", or reveal: "${path}"`;
      const what = `policy: shows "${path}" (${field.parent.typeName}.${field.name})`;
      return [problemOf(route.desc, `${what}, which the policy of ${other.method.name} redacts: set ${ways}`)];
    });
  });
}

/** The key of a field, the same in every descriptor set. */
export function keyOf(field: DescField): string {
  return `${field.parent.typeName}#${field.number}`;
}

function fieldsOf(route: Route, own: readonly Route[]): FoundField[] {
  const hidden = new Set(redactedBy(route));
  const isHidden = ({ field }: FoundField): boolean => fieldRules(field).redact || hidden.has(keyOf(field));
  const bodies = own.map(({ responseBody }) => responseBody);
  const found = listFields(route.desc.output, isHidden).filter((place) => !isHidden(place));
  // Of a response whose field is the whole body, the others are not shown.
  if (bodies.includes(undefined)) return found;
  return found.filter(({ path }) => bodies.some((body) => `${path}.`.startsWith(`${body?.name}.`)));
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
