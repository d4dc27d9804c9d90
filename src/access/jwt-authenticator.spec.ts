import { expect, it } from 'vitest';
import { principalOf } from '../../test/support/principal.js';
import type { Principal } from '../domain/principal.js';
import type { JwtStrategy } from './jwt/jwt.strategy.js';
import type { SigningKeys } from './jwt/signing-keys.js';
import { JwtAuthenticator } from './jwt-authenticator.js';
import { TokenCache } from './token-cache.js';

/** An authenticator whose verifications end when the test says so. */
function authenticator() {
  const pending: ((principal: Principal) => void)[] = [];
  const strategy = {
    authenticateToken: () => new Promise((resolve) => pending.push(resolve)),
  } as unknown as JwtStrategy;
  const cache = new TokenCache(10);
  return { cache, pending, jwt: new JwtAuthenticator(strategy, {} as SigningKeys, cache) };
}

it('a token whose key was withdrawn while it was verified is not remembered', async () => {
  const { cache, pending, jwt } = authenticator();
  const verified = jwt.verify('a.b.c', 'key');
  cache.clear();
  pending[0]?.(principalOf());
  await verified;
  expect(cache.get('key')).toBeUndefined();
});

it('a token that was verified since is', async () => {
  const { cache, pending, jwt } = authenticator();
  cache.clear();
  const verified = jwt.verify('a.b.c', 'key');
  pending[0]?.(principalOf());
  await verified;
  expect(cache.get('key')).toEqual(principalOf());
});
