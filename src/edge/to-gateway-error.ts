import { HttpException } from '@nestjs/common';
import { GatewayError, type GatewayErrorCode } from '../domain/errors.js';

interface Translation {
  readonly code: GatewayErrorCode;
  readonly detail: string;
}

/** Errors that Fastify raises before or around a handler, by their code. */
const FASTIFY: Readonly<Record<string, Translation>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: { code: 'PAYLOAD_TOO_LARGE', detail: 'The body is larger than this endpoint takes.' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    code: 'MALFORMED_REQUEST',
    detail: 'The body is not as long as Content-Length says.',
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: { code: 'UNSUPPORTED_MEDIA_TYPE', detail: 'Send the body as application/json.' },
  FST_ERR_BAD_URL: { code: 'MALFORMED_REQUEST', detail: 'The path is not valid percent-encoded UTF-8.' },
  FST_ERR_MAX_PARAM_LENGTH: { code: 'URI_TOO_LONG', detail: 'A path segment is too long.' },
  ECONNRESET: { code: 'CLIENT_CLOSED', detail: 'The client closed the connection.' },
};

const NEST: Readonly<Record<number, Translation>> = {
  404: { code: 'ROUTE_NOT_FOUND', detail: 'No such route.' },
  503: { code: 'DRAINING', detail: 'service unavailable: the gateway is shutting down.' },
};

/** What Nest says of a path that no route takes. */
const NO_ROUTE = /^Cannot [A-Z]+ /;

/** Codes of the exceptions that a guard, interceptor or controller of an adopter throws, by their status. */
const CODES: Readonly<Record<number, GatewayErrorCode>> = {
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  406: 'NOT_ACCEPTABLE',
  408: 'REQUEST_TIMEOUT',
  409: 'ALREADY_EXISTS',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  429: 'RATE_LIMITED',
};

const DENIALS: ReadonlySet<GatewayErrorCode> = new Set(['UNAUTHENTICATED', 'PERMISSION_DENIED']);

const REFUSED: Translation = { code: 'MALFORMED_REQUEST', detail: 'The request could not be read.' };

/** Any thrown value as a GatewayError. What nobody foresaw is INTERNAL: a bug of the gateway. */
export function toGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  // Nest wraps what Fastify throws; the code tells more than the status.
  const known = FASTIFY[codeOf(error)] ?? (error instanceof HttpException ? ofHttpException(error) : undefined);
  if (known === undefined) return GatewayError.from(error);
  const decisionReason = DENIALS.has(known.code) ? 'GUARD_DENIED' : undefined;
  return new GatewayError(known.code, known.detail, { cause: error, ...(decisionReason && { decisionReason }) });
}

function ofHttpException(error: HttpException): Translation | undefined {
  const status = error.getStatus();
  const known = FASTIFY[codeOf(error.cause)];
  if (known !== undefined) return known;
  const isNests = status === 503 || NO_ROUTE.test(error.message);
  if (isNests) return NEST[status];
  if (status >= 500) return undefined;
  // Fastify's own, which Nest wraps: its words are not for clients.
  if (codeOf(error.cause) !== '') return REFUSED;
  return { code: CODES[status] ?? REFUSED.code, detail: error.message };
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
