import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { GatewayError, type GatewayErrorCode } from '../domain/errors.js';
import { problemBody, problemHeaders } from './problem.js';

const CODES: Readonly<Record<string, readonly [GatewayErrorCode, string]>> = {
  HPE_HEADER_OVERFLOW: ['HEADERS_TOO_LARGE', 'The request header is larger than this server takes.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['REQUEST_TIMEOUT', 'The request did not arrive in time.'],
};

/** What the HTTP parser refused, as a GatewayError. */
export function fromClientError(thrown: Error & { code?: string }): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  const [code, detail] = CODES[thrown.code ?? ''] ?? ['MALFORMED_REQUEST', 'The request is not well-formed HTTP/1.1.'];
  return new GatewayError(code, detail, { cause: thrown });
}

/** Answers on the bare socket and closes it: after bytes that are no HTTP nothing on it can be trusted. */
export function answerOnSocket(socket: Socket, error: GatewayError, requestId: string): void {
  const body = JSON.stringify(problemBody(error, '', requestId));
  const headers = {
    ...problemHeaders(error),
    'content-length': String(Buffer.byteLength(body)),
    'x-request-id': requestId,
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}\r\n${lines.join('')}\r\n${body}`);
}
