import { status } from '@grpc/grpc-js';

/**
 * A query may say how its answer is to behave; the parts combine, in any order:
 *
 * - `stream 50 tokens`, `stream 50 tokens of 4096 bytes`: that many tokens in place of a sentence
 * - `slow 200ms`: a pause of that length before each token, or before the one answer of ProcessQuery (`slow 0ms`: none)
 * - `fail after 3`: three tokens, then an error; `fail first`: an error before anything else
 * - `with INTERNAL`: the code of that error, UNAVAILABLE unless given
 */
export interface QueryOptions {
  readonly tokens: number | undefined;
  readonly tokenBytes: number | undefined;
  readonly pauseMs: number | undefined;
  /** Tokens before the error; undefined: no error. */
  readonly failAfter: number | undefined;
  readonly failWith: status;
}

const MAX_TOKENS = 100_000;
const MAX_TOKEN_BYTES = 1_048_576;
const MAX_PAUSE_MS = 60_000;

const TOKENS = /\bstream (\d{1,9}) tokens?(?: of (\d{1,9}) bytes?)?/i;
const PAUSE = /\bslow (\d{1,9}) ?ms\b/i;
const FAIL = /\bfail (?:(first)|after (\d{1,9}))(?: with ([A-Z_]+))?/i;

/** Reads the options above out of a query; values above the limits are cut to them. */
export function parseQueryOptions(query: string): QueryOptions {
  const [, tokens, tokenBytes] = TOKENS.exec(query) ?? [];
  const [, pause] = PAUSE.exec(query) ?? [];
  const [, first, after, code] = FAIL.exec(query) ?? [];
  return {
    tokens: bounded(tokens, MAX_TOKENS),
    tokenBytes: bounded(tokenBytes, MAX_TOKEN_BYTES),
    pauseMs: bounded(pause, MAX_PAUSE_MS),
    failAfter: first === undefined ? bounded(after, MAX_TOKENS) : 0,
    failWith: status[(code ?? '').toUpperCase() as keyof typeof status] ?? status.UNAVAILABLE,
  };
}

function bounded(digits: string | undefined, limit: number): number | undefined {
  return digits === undefined ? undefined : Math.min(Number(digits), limit);
}
