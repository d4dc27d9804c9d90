/** Purposes of keys in Redis. Each has a prefix, so that one can be cleared without reviving revoked tokens. */
type KeyPurpose = 'cache' | 'idempotency' | 'session' | 'revoked' | 'limit' | 'auth' | 'usage' | 'probe';

/** Returns the key of a purpose, such as `cache:<name>`. */
export function redisKey(purpose: KeyPurpose, name: string): string {
  return `${purpose}:${name}`;
}
