import type { ConnectionFailure } from '../domain/upstream-measure.js';
import { connectionFailure } from './connection-failure.js';
import { grpcCode, type GrpcCode } from './grpc-code.js';

/**
 * Who made a failing status: the backend's code, the road to it (connection, proxy, garbage), or this process
 * (deadline, client gone, message too large). HTTP statuses depend on it: a mesh's 403 is no verdict on the caller.
 */
export type FailureOrigin = 'app' | 'transport' | 'local';

/** Trailers of a response, as far as they are asked for. grpc-js' Metadata is one. */
export interface ResponseMetadata {
  get(key: string): (string | Buffer)[];
}

/** How a call ended, as a transport says it: from grpc-js, a code may be NaN or missing, a text anything. */
export interface CallEnd {
  readonly code: unknown;
  readonly details: unknown;
  readonly metadata: ResponseMetadata | undefined;
  /** Who made this end, where the transport knows. grpc-js does not tell; its texts do. */
  readonly origin?: FailureOrigin;
  /** Response headers with a content type of gRPC came before the end. */
  readonly grpcHeaders: boolean;
  /** The gateway stood still for most of the call: that its time ran out says nothing of the backend. */
  readonly isOwnPause?: boolean;
  /** HTTP/2 error code that the peer's stream is reset with, if it is still open; CANCEL when left out. */
  readonly resetCode?: number;
}

interface FailureFacts {
  readonly upstream: string;
  /** `UNKNOWN` when the status was none of gRPC's. */
  readonly grpcCode: GrpcCode;
  readonly origin: FailureOrigin;
  /** Set when there was no connection, or it broke. */
  readonly connection: ConnectionFailure | undefined;
  /** The text that people search logs for. */
  readonly phrase: string;
  /** Speaks against the health of the backend; answers to bad input do not. */
  readonly backendFault: boolean;
  /** Unavailable before any of a response came: an idempotent call may be tried again. */
  readonly retryableUncommitted: boolean;
  /** A message of the response came and could not be taken: the backend has done what it was asked for. */
  readonly answered: boolean;
  /** How long the backend wants to be left alone before another attempt (gRPC A6); negative: for ever. */
  readonly pushbackMs: number | undefined;
  /** The raw text, bounded. For the log alone. */
  readonly details: string;
}

/** Why a call to an upstream failed: the `cause` of every GatewayError that `grpc/` makes, for logs, metrics and the call stack. */
export class GrpcFailure implements FailureFacts {
  declare readonly upstream: string;
  declare readonly grpcCode: GrpcCode;
  declare readonly origin: FailureOrigin;
  declare readonly connection: ConnectionFailure | undefined;
  declare readonly phrase: string;
  declare readonly backendFault: boolean;
  declare readonly retryableUncommitted: boolean;
  declare readonly answered: boolean;
  declare readonly pushbackMs: number | undefined;
  declare readonly details: string;

  constructor(facts: FailureFacts) {
    Object.assign(this, facts);
  }

  /** For the log line: the phrase, and what was really said. */
  get message(): string {
    return `${this.phrase}: ${this.details}`;
  }
}

const MAX_DETAILS = 1024;

/** Texts that grpc-js 1.14 writes by itself, also after the backend has begun to answer. */
const OWN_TEXT = new RegExp(
  '^(?:' +
    [
      'Deadline exceeded after ',
      'Cancelled on client$',
      'Call cancelled$',
      'Connection dropped$',
      'Stream refused by server$',
      'Bandwidth exhausted or memory limit exceeded$',
      'Protocol not secure enough$',
      'No message received$',
      'No status information received$',
      'Too many responses received$',
      'Received (?:HTTP status|RST_STREAM with) code ',
      'Received message (?:larger than max|that decompresses to a size larger than) ',
      'Attempted to send message with a size larger than ',
      'Failed to (?:decompress|start HTTP/2 stream|write message)',
      'Write (?:error|failed)',
      'Channel closed before call started$',
      '(?:read|write) (?:ECONNRESET|ETIMEDOUT|EPIPE)$',
    ].join('|') +
    ')',
);
/** What grpc-js says of a response that had no grpc-status: the only such text that comes with the response's own headers. */
const NO_STATUS = 'Received HTTP status code ';
/** Of a message that came: it is too large, or cannot be decompressed, or there is another. */
const UNTAKEN_MESSAGE = /^(?:Received message |Failed to decompress|Too many responses received$)/;
const LOCAL_TEXT = /^(?:Attempted to send message with a size larger than |Channel closed before call started$)/;

/** Codes of the backend's own that speak against its health. */
const FAULTS: ReadonlySet<GrpcCode> = new Set([
  'CANCELLED',
  'UNKNOWN',
  'DEADLINE_EXCEEDED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
]);

/** Reads any end that grpc-js can give. Never throws. */
export function classify(upstream: string, end: CallEnd): GrpcFailure {
  const code = grpcCode(end.code);
  const details = typeof end.details === 'string' ? end.details.slice(0, MAX_DETAILS) : '';
  const origin = end.origin ?? originOf(end, code, details);
  const connection = origin === 'app' ? undefined : connectionFailure(code, details);
  return new GrpcFailure({
    upstream,
    grpcCode: code ?? 'UNKNOWN',
    origin,
    connection,
    phrase: isEnhanceYourCalm(details) ? 'service unavailable' : phraseOf(code, origin, connection),
    backendFault: isBackendFault(origin, code) && end.isOwnPause !== true,
    retryableUncommitted: code === 'UNAVAILABLE' && origin !== 'local' && !end.grpcHeaders && connection !== 'tls',
    answered: origin !== 'app' && UNTAKEN_MESSAGE.test(details),
    pushbackMs: origin === 'app' ? readPushback(end.metadata) : undefined,
    details,
  });
}

/** What the gateway itself did to a call: gave it up, or found its time spent. */
export function localFailure(
  facts: Pick<FailureFacts, 'upstream' | 'details' | 'backendFault'> & { grpcCode: 'CANCELLED' | 'DEADLINE_EXCEEDED' },
): GrpcFailure {
  return new GrpcFailure({
    ...facts,
    origin: 'local',
    connection: undefined,
    phrase: phraseOf(facts.grpcCode, 'local', undefined),
    retryableUncommitted: false,
    answered: false,
    pushbackMs: undefined,
  });
}

/** The upstream answered with OK and a message that is none of its RPC's. */
export function malformedResponse(upstream: string, details: string): GrpcFailure {
  return new GrpcFailure({
    upstream,
    grpcCode: 'INTERNAL',
    origin: 'transport',
    connection: undefined,
    phrase: phraseOf('INTERNAL', 'transport', undefined),
    backendFault: true,
    retryableUncommitted: false,
    answered: true,
    pushbackMs: undefined,
    details: details.slice(0, MAX_DETAILS),
  });
}

/** RST_STREAM or GOAWAY with ENHANCE_YOUR_CALM: the peer asks to be left alone for a while. */
export function isEnhanceYourCalm(details: string): boolean {
  return details.startsWith('Bandwidth exhausted');
}

/** gRPC A6: what is no number asks for no further attempt, as a negative one does. */
function readPushback(trailers: ResponseMetadata | undefined): number | undefined {
  const value = trailers?.get('grpc-retry-pushback-ms')[0];
  if (value === undefined) return undefined;
  return typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : -1;
}

function originOf(end: CallEnd, code: GrpcCode | undefined, details: string): FailureOrigin {
  if (LOCAL_TEXT.test(details)) return 'local';
  const known = code !== undefined && code !== 'OK';
  if (known && isGrpc(end.metadata) && !details.startsWith(NO_STATUS)) return 'app';
  if (known && end.grpcHeaders && !OWN_TEXT.test(details)) return 'app';
  return code === 'DEADLINE_EXCEEDED' ? 'local' : 'transport';
}

/** Whether headers are those of a gRPC response. */
export function isGrpc(headers: ResponseMetadata | undefined): boolean {
  return isGrpcType(headers?.get('content-type')[0]);
}

/** `application/grpc`, with a subtype or parameters: not `application/grpc-web` (RFC 9110, section 8.3.1). */
const GRPC_TYPE = /^application\/grpc(?:\+[^;]*)?[ \t]*(?:;|$)/i;

/** Returns whether a content type is gRPC's. Text, HTML and JSON come from proxies. */
export function isGrpcType(type: unknown): boolean {
  return type === 'application/grpc' || (typeof type === 'string' && GRPC_TYPE.test(type));
}

/** Returns whether an end that a peer made, or the loss of its connection, is a fault of the backend. */
export function speaksAgainstBackend({ origin, code }: CallEnd): boolean {
  return origin !== 'app' || isBackendFault(origin, grpcCode(code));
}

/** Of what this process did to a call, only a deadline speaks against the backend. */
function isBackendFault(origin: FailureOrigin, code: GrpcCode | undefined): boolean {
  if (origin === 'local') return code === 'DEADLINE_EXCEEDED';
  return origin === 'transport' || code === undefined || FAULTS.has(code);
}

function phraseOf(
  code: GrpcCode | undefined,
  origin: FailureOrigin,
  connection: ConnectionFailure | undefined,
): string {
  if (connection === 'refused') return 'upstream connection error: connection refused';
  if (connection === 'dns') return 'upstream connection error: no such host';
  if (connection === 'timeout') return 'upstream connection error: context deadline exceeded';
  if (connection === 'tls') return 'upstream connection error: TLS handshake failed';
  if (connection !== undefined) return 'upstream connection error';
  if (code === 'DEADLINE_EXCEEDED') return 'context deadline exceeded';
  if (code === 'UNAVAILABLE') return 'service unavailable';
  if (code === 'RESOURCE_EXHAUSTED' && origin === 'app') return 'rate limit exceeded';
  if (code === 'CANCELLED' && origin === 'local') return 'call cancelled';
  return origin === 'app' ? 'upstream error' : 'upstream protocol error';
}
