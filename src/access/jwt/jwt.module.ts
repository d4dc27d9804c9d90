import { Global, Inject, Module, type OnApplicationBootstrap } from '@nestjs/common';
import type { AuthMetrics } from '../../observe/auth-metrics.js';
import { type DegradeFlag, DegradeFlags } from '../../observe/degrade-flags.js';
import { GATEWAY_CONFIG } from '../../config/config.token.js';
import type { GatewayConfig } from '../../config/gateway-config.js';
import { GATEWAY_LOGGER, type GatewayLogger } from '../../observe/logger.js';
import { GatewayMetrics } from '../../observe/metrics.js';
import { JwtAuthenticator } from '../jwt-authenticator.js';
import { TokenCache } from '../token-cache.js';
import { KEY_FAILURES, type KeyFailure } from './fetch-keys.js';
import { type KeysListener, RemoteKeys } from './remote-keys.js';
import { JwtStrategy } from './jwt.strategy.js';
import { SigningKeys } from './signing-keys.js';
import { TokenIssuers } from './token-issuers.js';
import { TokenVerifier } from './token-verifier.js';

/** Counts the fetches of an issuer's keys and reports its outages, once each. */
class KeysObserver implements KeysListener {
  private readonly flag: DegradeFlag;

  /** @param onWithdrawn is called when the issuer no longer publishes a key. */
  constructor(
    private readonly issuer: string,
    private readonly metrics: AuthMetrics,
    flags: DegradeFlags,
    private readonly onWithdrawn: () => void,
  ) {
    this.flag = flags.flag({
      component: 'jwks',
      cause: issuer,
      area: 'auth',
      degraded: `JWKS of ${issuer} cannot be refreshed`,
      recovered: `JWKS of ${issuer} refreshed`,
    });
    metrics.keysLastSuccess.set({ issuer }, 0);
    for (const reason of KEY_FAILURES) metrics.keysFailures.inc({ issuer, reason }, 0);
  }

  succeeded(skewSeconds: number | undefined): void {
    this.metrics.keysLastSuccess.set({ issuer: this.issuer }, Date.now() / 1000);
    if (skewSeconds !== undefined) this.metrics.clockSkew.set({ source: this.issuer }, skewSeconds);
    this.flag.lower();
  }

  failed(reason: KeyFailure, error: Error): void {
    this.metrics.keysFailures.inc({ issuer: this.issuer, reason });
    this.flag.suspect(`${reason}: ${error.message}`);
  }

  withdrawn(): void {
    this.onWithdrawn();
  }
}

/** Creates the authenticator of the configured issuers, with a token cache that is cleared when a key is withdrawn. */
function createAuthenticator({ jwt }: GatewayConfig, metrics: GatewayMetrics, flags: DegradeFlags) {
  const cache = new TokenCache(jwt.cacheSize);
  metrics.bounded.watchEvictions('jwt', () => cache.evicted);
  const source = new TokenIssuers((issuer, url) => {
    const listener = new KeysObserver(issuer, metrics.auth, flags, () => cache.clear());
    return new RemoteKeys({ url, ttlMs: jwt.jwksTtlMs, hardGraceMs: jwt.jwksHardGraceMs, listener });
  });
  const { issuers, standard, standardKeys, otherKeys, read } = source.first(jwt);
  const keys = new SigningKeys(standardKeys, otherKeys);
  const verifier = new TokenVerifier(issuers, standard, read);
  const authenticator = new JwtAuthenticator(new JwtStrategy(verifier), keys, cache);
  const reload: TokenKeysReload = (next) => source.prepare(next, { verifier, keys, cache });
  return { authenticator, keys, reload };
}

/** Injection token of {@link TokenKeysReload}. */
export const TOKEN_KEYS_RELOAD = Symbol('TokenKeysReload');

/** Replaces the settings of issuers; see `TokenIssuers.prepare`. */
export type TokenKeysReload = (jwt: GatewayConfig['jwt']) => Promise<() => void>;

const PARTS = Symbol('JwtParts');
type Parts = ReturnType<typeof createAuthenticator>;

/** Provides the verification of access tokens. */
@Global()
@Module({
  providers: [
    { provide: PARTS, inject: [GATEWAY_CONFIG, GatewayMetrics, DegradeFlags], useFactory: createAuthenticator },
    { provide: SigningKeys, inject: [PARTS], useFactory: ({ keys }: Parts) => keys },
    { provide: TOKEN_KEYS_RELOAD, inject: [PARTS], useFactory: ({ reload }: Parts) => reload },
    { provide: JwtAuthenticator, inject: [PARTS], useFactory: ({ authenticator }: Parts) => authenticator },
  ],
  exports: [JwtAuthenticator, SigningKeys],
})
export class JwtModule implements OnApplicationBootstrap {
  constructor(
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
    @Inject(GATEWAY_LOGGER) private readonly logger: GatewayLogger,
  ) {}

  /** Warns of a previous secret that is still set: a rotation that is not finished leaves a retired secret valid. */
  onApplicationBootstrap(): void {
    if (this.config.jwt.secretPrevious === undefined) return;
    const hint = 'remove JWT_SECRET_PREVIOUS when its tokens have expired';
    this.logger.events.warn({ hint }, 'jwt_secret_rotation_active');
  }
}
