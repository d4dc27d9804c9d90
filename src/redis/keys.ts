/** What is kept in Redis. Each purpose has a prefix, so that one can be cleared without reviving revoked tokens. */
export type KeyPurpose = 'cache' | 'idempotency' | 'session' | 'revoked' | 'limit' | 'auth' | 'usage' | 'probe';

/** `cache:<name>`: the key of a purpose. */
export function redisKey(purpose: KeyPurpose, name: string): string {
  return `${purpose}:${name}`;
}
