import { generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { JwtAuthenticator } from '../../src/access/jwt-authenticator.js';
import { JwtStrategy } from '../../src/access/jwt/jwt.strategy.js';
import { RemoteKeys } from '../../src/access/jwt/remote-keys.js';
import { SigningKeys } from '../../src/access/jwt/signing-keys.js';
import { TokenIssuers } from '../../src/access/jwt/token-issuers.js';
import { TokenVerifier } from '../../src/access/jwt/token-verifier.js';
import { TokenCache } from '../../src/access/token-cache.js';
import { parseEnvironment } from '../../src/config/environment.js';
import type { Environment } from '../../src/config/variables.js';
import type { Principal } from '../../src/domain/principal.js';

const UPSTREAMS = {
  AUTH_SERVICE_URL: 'localhost:1',
  USER_SERVICE_URL: 'localhost:2',
  TENANT_SERVICE_URL: 'localhost:3',
};
const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const KEYS = JSON.stringify({ keys: [{ ...pair.publicKey.export({ format: 'jwk' }), kid: 'k', use: 'sig' }] });

/** Verifies tokens as a gateway with some settings does; every issuer has the same key, which signs here. */
export class TokenBench {
  private readonly authenticator: JwtAuthenticator;
  readonly cache = new TokenCache(10);

  constructor(env: Environment) {
    const { jwt } = parseEnvironment({ ...UPSTREAMS, ...env });
    const source = new TokenIssuers((_issuer, url) => {
      const listener = { succeeded: () => {}, failed: () => {}, withdrawn: () => {} };
      const fetchKeys = () => Promise.resolve({ text: KEYS, date: null });
      const schedule = () => () => {};
      return new RemoteKeys({ url, ttlMs: 60_000, hardGraceMs: 0, listener, fetchKeys, schedule });
    });
    const { issuers, standard, standardKeys, otherKeys, read } = source.first(jwt);
    const keys = new SigningKeys(standardKeys, otherKeys);
    keys.onApplicationBootstrap();
    const strategy = new JwtStrategy(new TokenVerifier(issuers, standard, read));
    this.authenticator = new JwtAuthenticator(strategy, keys, this.cache);
  }

  /** Signs claims, with an expiry, as an issuer does that writes this `typ`. */
  static sign(claims: object, typ?: unknown): Promise<string> {
    return new SignJWT({ ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'k', ...(typ === undefined ? {} : { typ: typ as string }) })
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(pair.privateKey);
  }

  /** Resolves to the caller. Rejects as the gateway refuses the token. */
  verify(token: string): Promise<Principal> {
    return this.authenticator.verify(token);
  }
}
