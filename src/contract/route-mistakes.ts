import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { isWrapperDesc } from '@bufbuild/protobuf/wkt';
import type { Policy } from '../domain/policy.js';
import { resolveFieldPath } from './field-path.js';
import { fieldRules } from './field-rules.js';
import { hasRawResponse, takesRawBody } from './http-body.js';
import { hasOwnJsonForm } from './json-reader/check-well-known.js';
import { isWholeValue } from './json-reader/whole-value-codec.js';
import type { PathVariable, Route } from './route.js';

/**
 * Finds path variables that would set fields which clients must not set, because a path comes from the client as a body
 * does. Privileged fields are allowed in a path; its callers then need the permission.
 */
export function findGuardedVariables(route: Route): readonly string[] {
  return route.variables.flatMap((variable) => {
    const mistake = findMistake(variable, route);
    return mistake === undefined ? [] : [`path variable {${variable.fieldPath}}: ${mistake}`];
  });
}

function findMistake({ fields, fieldPath }: PathVariable, { method: { policy } }: Route): string | undefined {
  const ruled = fields.find((field) => fieldRules(field).protected);
  if (ruled !== undefined) {
    return `no client may set "${ruled.name}", which is protected by its own option: remove one of the two`;
  }
  const isAcross = policy.access === 'OPEN' || policy.permissions.some((permission) => permission.endsWith(':all'));
  if (fields.at(-1)?.name !== 'tenant_id' || isAcross || policy.tenantField === fieldPath) return undefined;
  return `a client could name another tenant: set tenant_field: "${fieldPath}", or a permission with the scope all`;
}

/**
 * Finds options that cannot work on a route with a google.api.HttpBody: its content is not parsed, so no field in it
 * can be set, redacted, checked or extracted.
 */
export function findHttpBodyMistakes(route: Route): readonly string[] {
  return [...findRequestMistakes(route), ...findResponseMistakes(route)];
}

function findRequestMistakes(route: Route): readonly string[] {
  if (!takesRawBody(route)) return [];
  const { body, variables, method } = route;
  const prefix = typeof body === 'object' ? `${body.name}.` : '';
  const inside = [
    ...variables.map(({ fieldPath }) => ({ subject: `path variable {${fieldPath}}`, path: fieldPath })),
    ...requestPaths(method.policy).map(({ option, path }) => ({ subject: `${option} "${path}"`, path })),
  ].filter(({ path }) => `${path}.`.startsWith(prefix));
  const reason = 'lies in the google.api.HttpBody that is the body, which clients send as it is';
  return [...findOneofMistakes(body), ...inside.map(({ subject }) => `${subject} ${reason}`)];
}

/** Finds oneofs in the body: it would be ambiguous which of the members was meant. */
function findOneofMistakes(body: Route['body']): readonly string[] {
  if (typeof body !== 'object' || (body.oneof?.fields.length ?? 0) < 2) return [];
  return [`body "${body.name}": a google.api.HttpBody that is one of several in a oneof cannot be the body`];
}

function findResponseMistakes(route: Route): readonly string[] {
  if (!hasRawResponse(route)) return [];
  const { redact, responseTenantFields } = route.method.policy;
  const reason = 'cannot be applied: the response is a google.api.HttpBody, which is sent as it is';
  return [
    ...redact.map((path) => `redact "${path}" ${reason}`),
    ...responseTenantFields.map((path) => `response_tenant_fields "${path}" ${reason}`),
  ];
}

/**
 * Finds bindings and policies that name a field inside a well-known message whose JSON is not an object of its fields,
 * such as the seconds of a Timestamp. In a wrapper that is the request itself, `value` may be named.
 */
export function findWellKnownMistakes(route: Route): readonly string[] {
  const { body, desc, method, responseBody, variables } = route;
  const bodyPath = typeof body === 'object' ? [{ subject: `body "${body.name}"`, fields: [body] }] : [];
  const paths = variables.map(({ fieldPath, fields }) => ({ subject: `path variable {${fieldPath}}`, fields }));
  const policyPaths = requestPaths(method.policy).flatMap(({ option, path }) => {
    const fields = resolveFieldPath(desc.input, path);
    return typeof fields === 'string' ? [] : [{ subject: `${option} "${path}"`, fields }];
  });
  return [
    ...[...bodyPath, ...paths, ...policyPaths].flatMap(({ subject, fields }) =>
      findInside(subject, desc.input, fields),
    ),
    ...(responseBody !== undefined && hasOwnJsonForm(desc.output)
      ? [describeMistake(`response_body "${responseBody.name}"`, desc.output)]
      : []),
  ];
}

function findInside(subject: string, message: DescMessage, fields: readonly DescField[]): readonly string[] {
  const scopes = [message, ...fields.slice(0, -1).flatMap((field) => field.message ?? [])];
  const found = scopes.find((scope, index) => (index === 0 ? isWholeValue(scope) : hasOwnJsonForm(scope)));
  return found === undefined ? [] : [describeMistake(subject, found)];
}

function describeMistake(subject: string, message: DescMessage): string {
  const form = isWrapperDesc(message) ? 'a scalar' : 'one value';
  return `${subject} names a field of ${message.typeName}, whose JSON is ${form} and has no fields: name the message itself`;
}

/** A path into the request that a policy names, and the option that names it. */
interface PolicyPath {
  readonly option: string;
  readonly path: string;
}

/** Lists the fields of a request that the gateway sets or that clients must not set. */
function requestPaths({ tenantField, protectedFields, privileged }: Policy): PolicyPath[] {
  return [
    ...(tenantField === undefined ? [] : [{ option: 'tenant_field', path: tenantField }]),
    ...protectedFields.map((path) => ({ option: 'protected_fields', path })),
    ...(privileged?.fields ?? []).map((path) => ({ option: 'privileged_fields', path })),
  ];
}
