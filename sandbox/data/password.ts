import { createHash } from 'node:crypto';

/**
 * Looks like argon2id, so that a hash that leaks is recognised in a response or a log; it is one SHA-256, because the
 * sandbox keeps no secret. Deterministic: the salt is made from the user id.
 */
export function hashPassword(password: string, userId: string): string {
  const salt = createHash('sha256').update(userId).digest('base64').slice(0, 22);
  const hash = createHash('sha256').update(`${salt}:${password}`).digest('base64').slice(0, 43);
  return `$argon2id$v=19$m=65536,t=3,p=4$${salt}$${hash}`;
}
