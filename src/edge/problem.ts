import { ERROR_CODES, type GatewayError } from '../domain/errors.js';

export const PROBLEM_JSON = 'application/problem+json; charset=utf-8';

/** The body of every error (RFC 9457), in the order in which it is read. */
export function problemBody(error: GatewayError, instance: string, requestId: string): Record<string, unknown> {
  const row = ERROR_CODES[error.code];
  return {
    type: `/docs/errors#${error.code}`,
    title: row.title,
    status: row.status,
    detail: error.detail,
    instance,
    code: error.code,
    failure_domain: row.domain,
    errors: error.errors,
    request_id: requestId,
    ...error.members,
  };
}

/** Headers of an error answer beside the body. */
export function problemHeaders(error: GatewayError): Record<string, string> {
  return {
    'content-type': PROBLEM_JSON,
    'x-gateway-error': error.code,
    ...(error.retryAfterSeconds === undefined ? {} : { 'retry-after': String(error.retryAfterSeconds) }),
    ...error.headers,
  };
}
