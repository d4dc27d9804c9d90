import { GatewayError, type GatewayErrorCode } from '../domain/errors.js';

const CODES: Readonly<Record<string, readonly [GatewayErrorCode, string]>> = {
  HPE_HEADER_OVERFLOW: ['HEADERS_TOO_LARGE', 'The request header is larger than this server takes.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['PAYLOAD_TOO_LARGE', 'The chunk extensions are larger than this server takes.'],
  HPE_INVALID_EOF_STATE: ['MALFORMED_REQUEST', 'The connection ended in the middle of the request.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['REQUEST_TIMEOUT', 'The request did not arrive in time.'],
};

/**
 * Returns an error of the HTTP parser as a GatewayError; undefined for an error of the socket, after which no response
 * is possible.
 */
export function fromClientError(thrown: Error & { code?: string }): GatewayError | undefined {
  const { code = '' } = thrown;
  const known = CODES[code];
  if (known !== undefined) return new GatewayError(known[0], known[1], { cause: thrown });
  if (!code.startsWith('HPE_')) return undefined;
  return new GatewayError('MALFORMED_REQUEST', 'The request is not well-formed HTTP/1.1.', { cause: thrown });
}
