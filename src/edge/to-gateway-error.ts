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

const REFUSED: Translation = { code: 'MALFORMED_REQUEST', detail: 'The request could not be read.' };

/** Any thrown value as a GatewayError. What nobody foresaw is INTERNAL: a bug of the gateway. */
export function toGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  // Nest wraps what Fastify throws; the code tells more than the status.
  const known = FASTIFY[codeOf(error)] ?? (error instanceof HttpException ? ofHttpException(error) : undefined);
  if (known === undefined) return GatewayError.from(error);
  return new GatewayError(known.code, known.detail, { cause: error });
}

function ofHttpException(error: HttpException): Translation | undefined {
  const status = error.getStatus();
  return FASTIFY[codeOf(error.cause)] ?? NEST[status] ?? (status < 500 ? REFUSED : undefined);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
