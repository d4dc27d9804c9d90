/** Redis cannot be used at present. Callers handle it; it never becomes a 500. */
export class RedisUnavailable extends Error {
  override readonly name = 'RedisUnavailable';
}

/** Meaning of a client library error for the connection as a whole. */
export interface RedisFailure {
  /** Safe to log: the library's own errors contain the arguments of the command, including passwords. */
  readonly text: string;
  /** True if an immediate repetition is pointless. A server with full memory still responds to reads. */
  readonly down: boolean;
  /** True if the server itself reported it. A timeout or a lost connection may be over already. */
  readonly replied: boolean;
}

/** First words of error replies with which the server responds but cannot do its work. */
const DOWN_REPLIES = new Set(['READONLY', 'LOADING', 'MASTERDOWN', 'CLUSTERDOWN', 'NOAUTH', 'WRONGPASS']);

const CONNECT_TEXTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'no such host',
  ETIMEDOUT: 'connection timed out',
  EPIPE: 'connection reset',
};

/** Interprets an error of the client library; undefined if it is a bug in the gateway. */
export function readFailure(error: unknown): RedisFailure | undefined {
  if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError) return undefined;
  if (error.name === 'ReplyError') return readReply(error.message);
  const code = 'code' in error ? String(error.code) : '';
  return { text: CONNECT_TEXTS[code] ?? textOf(error.message), down: true, replied: false };
}

/** Describes a failure in words that are safe to log. */
export function describeFailure(error: unknown): string {
  if (error instanceof RedisUnavailable) return error.message;
  return readFailure(error)?.text ?? `internal error: ${error instanceof Error ? error.name : typeof error}`;
}

function readReply(message: string): RedisFailure {
  const [word = ''] = message.split(' ', 1);
  return { text: /^[A-Z]+$/.test(word) ? word : 'ERR', down: DOWN_REPLIES.has(word), replied: true };
}

function textOf(message: string): string {
  if (message.startsWith('connection timed out')) return 'connection timed out';
  if (/timed out|timeout/i.test(message)) return 'command timed out';
  if (/certificate|self.signed|TLS|SSL/i.test(message)) return 'TLS failed';
  return 'not connected';
}
