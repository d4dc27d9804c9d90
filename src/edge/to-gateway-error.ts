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

const NO_ROUTE: Translation = { code: 'ROUTE_NOT_FOUND', detail: 'No such route.' };

/** Message of Nest for a path without a route: it contains the path. */
const NO_ROUTE_TEXT = /^Cannot [A-Z]+ \//;

/** Codes of the exceptions that a guard, interceptor or controller of an adopter throws, by status. */
const CODES: Readonly<Record<number, GatewayErrorCode>> = {
  400: 'MALFORMED_REQUEST',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  406: 'NOT_ACCEPTABLE',
  408: 'REQUEST_TIMEOUT',
  409: 'ALREADY_EXISTS',
  410: 'STREAM_GONE',
  412: 'PRECONDITION_FAILED',
  413: 'PAYLOAD_TOO_LARGE',
  414: 'URI_TOO_LONG',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  422: 'INVALID_ARGUMENT',
  429: 'RATE_LIMITED',
  431: 'HEADERS_TOO_LARGE',
  501: 'UPSTREAM_UNIMPLEMENTED',
  502: 'UPSTREAM_ERROR',
  503: 'UPSTREAM_UNAVAILABLE',
  504: 'UPSTREAM_TIMEOUT',
};

/** Code of any other status of a client error, for which the gateway has no code of its own. */
const OTHER: GatewayErrorCode = 'FAILED_PRECONDITION';

const DENIALS: ReadonlySet<GatewayErrorCode> = new Set(['UNAUTHENTICATED', 'PERMISSION_DENIED']);

const REFUSED: Translation = { code: 'MALFORMED_REQUEST', detail: 'The request could not be read.' };

/** Returns any thrown value as a GatewayError. An unexpected one is INTERNAL: a bug of the gateway. */
export function toGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  // Nest wraps errors of Fastify; their code is more specific than the status.
  const known = FASTIFY[codeOf(error)] ?? (isHttpException(error) ? ofHttpException(error) : undefined);
  if (known === undefined) return GatewayError.from(error);
  const decisionReason = DENIALS.has(known.code) ? 'GUARD_DENIED' : undefined;
  return new GatewayError(known.code, known.detail, { cause: error, ...(decisionReason && { decisionReason }) });
}

/**
 * Returns whether an error is an HttpException, also of another copy of @nestjs/common, which modules of an adopter may
 * bring.
 */
function isHttpException(error: unknown): error is HttpException {
  if (error instanceof HttpException) return true;
  return error instanceof Error && hasMethod(error, 'getStatus') && hasMethod(error, 'getResponse');
}

function hasMethod(error: object, name: string): boolean {
  return typeof (error as Record<string, unknown>)[name] === 'function';
}

function ofHttpException(error: HttpException): Translation | undefined {
  const status = error.getStatus();
  const known = FASTIFY[codeOf(error.cause)];
  if (known !== undefined) return known;
  if (status === 404 && NO_ROUTE_TEXT.test(error.message)) return NO_ROUTE;
  const isClients = status >= 400 && status < 500;
  // Fastify's own error, wrapped by Nest: its text is not meant for clients.
  if (isClients && codeOf(error.cause).startsWith('FST_')) return REFUSED;
  const code = CODES[status] ?? (isClients ? OTHER : undefined);
  return code && { code, detail: textOf(error) };
}

/**
 * Returns the text of an exception: a string, or an object whose `message` is one string or several, or whose `error`
 * is a string.
 */
function textOf(exception: HttpException): string {
  const response: unknown = exception.getResponse();
  const { message, error } = (typeof response === 'object' && response !== null ? response : {}) as Said;
  if (Array.isArray(message) && message.length > 0) return message.map(String).join('; ');
  if (typeof message !== 'string' && typeof error === 'string') return error;
  return exception.message;
}

interface Said {
  readonly message?: unknown;
  readonly error?: unknown;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
