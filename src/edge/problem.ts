import type { ServerResponse } from 'node:http';
import { ERROR_CODES, type GatewayError } from '../domain/errors.js';
import { commonHeaders } from './common-headers.js';

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

/** Answers bytes that never became a request. */
export function writeProblem(response: ServerResponse, error: GatewayError, requestId: string): void {
  const body = JSON.stringify(problemBody(error, '', requestId));
  const headers = { ...commonHeaders(requestId), ...problemHeaders(error), 'content-length': Buffer.byteLength(body) };
  response.writeHead(error.status, headers).end(body);
}
