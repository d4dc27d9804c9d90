/** Redis cannot be asked right now. Callers have an answer of their own for this; it is never a 500. */
export class RedisUnavailable extends Error {
  override readonly name = 'RedisUnavailable';
}

/** What an error of the client library means for the connection as a whole. */
export interface RedisFailure {
  /** Safe to print: the library's own errors carry the arguments of the command, passwords among them. */
  readonly text: string;
  /** Whether asking again immediately is pointless. A full memory still answers reads. */
  readonly down: boolean;
  /** Whether the server said so itself. A timeout and a lost connection may be over already. */
  readonly replied: boolean;
}

/** By the first word of an error reply: the server answers, and still cannot do its work. */
const DOWN_REPLIES = new Set(['READONLY', 'LOADING', 'MASTERDOWN', 'CLUSTERDOWN', 'NOAUTH', 'WRONGPASS']);

const CONNECT_TEXTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'no such host',
  ETIMEDOUT: 'connection timed out',
  EPIPE: 'connection reset',
};

/** Reads an error of the client library; undefined for one that is a mistake in our own code. */
export function readFailure(error: unknown): RedisFailure | undefined {
  if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError) return undefined;
  if (error.name === 'ReplyError') return readReply(error.message);
  const code = 'code' in error ? String(error.code) : '';
  return { text: CONNECT_TEXTS[code] ?? textOf(error.message), down: true, replied: false };
}

/** What went wrong, in words that are safe to print. */
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
