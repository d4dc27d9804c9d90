import type { ServerResponse } from 'node:http';
import { ERROR_CODES, type GatewayError } from '../domain/errors.js';
import type { TraceContext } from '../domain/trace-context.js';
import { commonHeaders } from './common-headers.js';

export const PROBLEM_JSON = 'application/problem+json; charset=utf-8';

/**
 * The request that an error answers: its id, its path as the gateway reads it, and the base of links to the gateway.
 */
export interface ProblemSource {
  readonly requestId: string;
  readonly path?: string;
  readonly basePath?: string;
}

/** Returns the body of an error (RFC 9457), its members in reading order. */
export function problemBody(error: GatewayError, source: ProblemSource): Record<string, unknown> {
  const { requestId, path, basePath = '' } = source;
  const row = ERROR_CODES[error.code];
  return {
    type: `${basePath}/docs/errors#${error.code}`,
    title: row.title,
    status: row.status,
    detail: error.detail,
    instance: path === undefined ? '' : basePath + path,
    code: error.code,
    failure_domain: row.domain,
    errors: error.errors,
    request_id: requestId,
    ...error.members,
  };
}

/** Returns the headers of an error response in addition to the common ones. */
export function problemHeaders(error: GatewayError): Record<string, string> {
  return {
    'content-type': PROBLEM_JSON,
    'x-gateway-error': error.code,
    ...(error.retryAfterSeconds === undefined ? {} : { 'retry-after': String(error.retryAfterSeconds) }),
    ...error.headers,
  };
}

/** Answers bytes that are not a request. */
export function writeProblem(
  response: ServerResponse,
  error: GatewayError,
  source: ProblemSource & { readonly trace?: TraceContext },
): void {
  const { requestId, trace } = source;
  const body = JSON.stringify(problemBody(error, source));
  const headers = {
    ...commonHeaders(requestId, trace),
    ...problemHeaders(error),
    'content-length': Buffer.byteLength(body),
  };
  response.writeHead(error.status, headers).end(body);
}
