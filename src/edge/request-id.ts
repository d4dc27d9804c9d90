import { uuidV7 } from '../domain/uuid-v7.js';

const ACCEPTED = /^[A-Za-z0-9._-]{1,64}$/;

/** Returns the id of a request: the client's own when it is short and plain, otherwise a UUIDv7 (RFC 9562 5.7). */
export function requestId(inbound: string | string[] | undefined): string {
  return typeof inbound === 'string' && ACCEPTED.test(inbound) ? inbound : uuidV7();
}
