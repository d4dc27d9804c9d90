import type { ConnectionFailure } from '../domain/upstream-measure.js';
import type { GrpcCode } from './grpc-code.js';

/** Texts of grpc-js, Node, OpenSSL and `client/`. The first that matches wins. */
const TEXTS: readonly (readonly [RegExp, ConnectionFailure])[] = [
  [/^Name resolution failed|No addresses resolved|Failed to parse DNS address|ENOTFOUND|EAI_AGAIN/, 'dns'],
  [/ECONNREFUSED/, 'refused'],
  [/ETIMEDOUT|Waiting for LB pick|waiting for (?:name resolution|a connection)/, 'timeout'],
  [
    /certificate|altnames|unable to (?:verify|get)|EPROTO|SSL routines|TLS|handshake|load credentials|PEM routines/i,
    'tls',
  ],
  [/Session closed with error code|goaway/i, 'goaway'],
  [/ECONNRESET|EPIPE|Connection dropped|Socket closed|socket hang up/, 'reset'],
  [/No connection established|Protocol error/, 'other'],
];

/** Codes under which grpc-js reports a connection; under others such a text is chance. */
const CODES: ReadonlySet<GrpcCode> = new Set(['UNAVAILABLE', 'INTERNAL', 'DEADLINE_EXCEEDED']);

/** What a failure that is not the backend's own says about the connection; undefined when that was sound. */
export function connectionFailure(code: GrpcCode | undefined, details: string): ConnectionFailure | undefined {
  if (code === undefined || !CODES.has(code)) return undefined;
  return TEXTS.find(([text]) => text.test(details))?.[1];
}
