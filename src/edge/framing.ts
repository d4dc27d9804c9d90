import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { GatewayError } from '../domain/errors.js';
import { lowerAscii } from '../domain/header-text.js';

const MAX_TARGET_BYTES = 4096;
const MAX_HEADERS = 100;

/** Headers whose repetition would let two readers of one request disagree. */
const SINGLE = new Set(['host', 'authorization', 'cookie', 'content-type', 'content-length', 'x-request-id']);

/** Lengths of those names: most headers are excluded by their length, without comparing their letters. */
const SINGLE_LENGTHS = new Set([...SINGLE].map((name) => name.length));

/**
 * A registered name, an IPv4 address or a bracketed IPv6 address, and a port (RFC 9110 7.2); empty where the client has
 * none.
 */
const HOST = /^(?:[\w.~!$&'()*+,;=%-]*|\[[\da-fA-F:.]+\])(?::\d{1,5})?$/;

/**
 * Returns the error for a request that Node's parser accepts and the gateway does not (RFC 9112); undefined for a valid
 * one.
 */
export function checkFraming(request: IncomingMessage): GatewayError | undefined {
  const { url = '', headers } = request;
  if (request.httpVersionMajor !== 1) return malformed(`HTTP/${request.httpVersion} is not spoken here.`);
  if (request.method === 'CONNECT') return malformed('CONNECT is for proxies, and this server is not one.');
  if (url.length > MAX_TARGET_BYTES)
    return new GatewayError('URI_TOO_LONG', `The target is longer than ${MAX_TARGET_BYTES} bytes.`);
  if (url[0] !== '/' && !(url === '*' && request.method === 'OPTIONS')) return malformed('The target must be a path.');
  if (url.includes('#')) return malformed('The target holds a fragment, which is for clients alone.');
  return (
    checkHeaderCount(request.rawHeaders, MAX_HEADERS) ??
    checkHost(request) ??
    checkCoding(headers, request.httpVersionMinor) ??
    checkRepetition(request.rawHeaders)
  );
}

/**
 * Limits the number of header lines of a request. `maxHeadersCount` of older Node versions drops the last lines
 * instead, which are those that proxies add.
 */
export function checkHeaderCount(rawHeaders: readonly string[], max: number): GatewayError | undefined {
  if (rawHeaders.length <= 2 * max) return undefined;
  return new GatewayError('HEADERS_TOO_LARGE', `The request has more than ${max} header lines.`, {
    headers: { connection: 'close' },
  });
}

function checkHost({ headers: { host }, httpVersionMinor }: IncomingMessage): GatewayError | undefined {
  if (host === undefined) return httpVersionMinor === 0 ? undefined : malformed('The header host is missing.');
  return HOST.test(host) ? undefined : malformed('The header host is no host with or without a port.');
}

/** Codings that are not undone here, where a proxy in front may have undone them, and expectations that nobody meets. */
function checkCoding(headers: IncomingHttpHeaders, minorVersion: number): GatewayError | undefined {
  const { expect, 'content-encoding': content, 'transfer-encoding': transfer } = headers;
  if (content !== undefined && content !== 'identity') {
    return new GatewayError('UNSUPPORTED_MEDIA_TYPE', 'Content-Encoding is not supported: send the body as it is.');
  }
  // A proxy that speaks HTTP/1.0 may have passed the header on without knowing it (RFC 9112 6.1).
  if (transfer !== undefined && minorVersion === 0) return malformed('HTTP/1.0 has no Transfer-Encoding.');
  if (transfer !== undefined && lowerAscii(transfer) !== 'chunked')
    return malformed('Transfer-Encoding may be chunked and nothing else.');
  if (expect !== undefined && lowerAscii(expect) !== '100-continue')
    return malformed('Expect may be 100-continue and nothing else.');
  return undefined;
}

function checkRepetition(rawHeaders: readonly string[]): GatewayError | undefined {
  const repeated = repeatedHeader(rawHeaders);
  return repeated === undefined ? undefined : malformed(`The header ${repeated} came twice.`);
}

function repeatedHeader(rawHeaders: readonly string[]): string | undefined {
  let seen: string[] | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const raw = rawHeaders[i] ?? '';
    if (!SINGLE_LENGTHS.has(raw.length)) continue;
    const name = lowerAscii(raw);
    if (!SINGLE.has(name)) continue;
    if (seen?.includes(name)) return name;
    (seen ??= []).push(name);
  }
  return undefined;
}

function malformed(detail: string): GatewayError {
  return new GatewayError('MALFORMED_REQUEST', detail, { headers: { connection: 'close' } });
}
