import { hasRawResponse, takesRawBody } from './http-body.js';
import { requestPaths } from './policy-paths.js';
import type { Route } from './route.js';

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
