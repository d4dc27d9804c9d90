import { invalidArgument } from './rpc-error.js';

const DEFAULT_SIZE = 20;
const MAX_SIZE = 100;
const TOKEN_PREFIX = 'after:';

export interface PageRequest {
  readonly pageSize: number;
  readonly pageToken: string;
}

/** One page of `items` in the order of their keys. Throws INVALID_ARGUMENT for a bad size or token. */
export function pageOf<T>(items: Iterable<T>, keyOf: (item: T) => string, request: PageRequest) {
  const size = pageSize(request.pageSize);
  const after = decodeToken(request.pageToken);
  const rest = [...items].filter((item) => keyOf(item) > after).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const page = rest.slice(0, size);
  const last = page.at(-1);
  return { page, nextPageToken: last !== undefined && rest.length > size ? encodeToken(keyOf(last)) : '' };
}

function pageSize(asked: number): number {
  if (asked < 0) throw invalidArgument([{ field: 'page_size', description: 'must not be negative' }]);
  return asked === 0 ? DEFAULT_SIZE : Math.min(asked, MAX_SIZE);
}

/** The token holds the last key seen, not an offset, so that a change between two pages skips nobody. */
function encodeToken(key: string): string {
  return Buffer.from(TOKEN_PREFIX + key).toString('base64url');
}

function decodeToken(token: string): string {
  if (token === '') return '';
  const text = Buffer.from(token, 'base64url').toString();
  if (text.startsWith(TOKEN_PREFIX)) return text.slice(TOKEN_PREFIX.length);
  throw invalidArgument([{ field: 'page_token', description: 'is not a token of an earlier page' }]);
}
