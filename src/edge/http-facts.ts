import type { FastifyReply, FastifyRequest } from 'fastify';
import type { GatewayError } from '../domain/errors.js';
import type { HttpFacts } from '../observe/http-facts.js';
import type { TrackedResponse } from './tracked-response.js';

const CLIENT_CLOSED_STATUS = 499;

/** Collects the HTTP fields of the log line of a completed request. */
export function httpFacts(
  request: FastifyRequest,
  reply: FastifyReply,
  state: { readonly aborted: boolean; readonly draining: boolean },
): HttpFacts {
  const { headers } = request;
  return {
    method: request.method,
    path: request.rawPath,
    query: request.rawQuery,
    httpVersion: request.raw.httpVersion,
    status: state.aborted ? CLIENT_CLOSED_STATUS : reply.statusCode,
    remoteAddress: request.clientAddress,
    forwardedFor: text(headers['x-forwarded-for']),
    host: text(headers.host),
    userAgent: text(headers['user-agent']),
    referer: text(headers.referer),
    bytesIn: Number(headers['content-length'] ?? 0) || 0,
    bytesOut: request.call.bytesStreamed || Number(reply.getHeader('content-length') ?? 0) || 0,
    durationMs: performance.now() - request.call.startedAt,
    ttfbMs: request.call.firstMessageMs || firstByteMs(request, reply),
    aborted: state.aborted,
    draining: state.draining,
  };
}

/** Collects the HTTP fields of the log line for bytes that are not a request. */
export function socketFacts(remoteAddress: string, { status, code }: GatewayError, draining: boolean): HttpFacts {
  return {
    method: '',
    path: '',
    query: '',
    httpVersion: '',
    status,
    remoteAddress,
    forwardedFor: '',
    host: '',
    userAgent: '',
    referer: '',
    bytesIn: 0,
    bytesOut: 0,
    durationMs: 0,
    ttfbMs: 0,
    aborted: code === 'CLIENT_CLOSED',
    draining,
  };
}

function firstByteMs({ call }: FastifyRequest, { raw }: FastifyReply): number {
  const { headAt } = raw as TrackedResponse;
  return headAt === 0 ? 0 : headAt - call.startedAt;
}

function text(value: string | string[] | undefined): string {
  return typeof value === 'string' ? value : (value?.join(', ') ?? '');
}
