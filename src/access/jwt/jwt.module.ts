import { Global, Inject, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { GATEWAY_CONFIG } from '../../config/config.token.js';
import type { GatewayConfig } from '../../config/gateway-config.js';
import { DegradeFlags } from '../../observe/degrade-flags.js';
import { GATEWAY_LOGGER, type GatewayLogger } from '../../observe/logger.js';
import { GatewayMetrics } from '../../observe/metrics.js';
import { JwtAuthenticator } from '../jwt-authenticator.js';
import { TokenCache } from '../token-cache.js';
import { JwtStrategy } from './jwt.strategy.js';
import { KeysObserver } from './keys-observer.js';
import { RemoteKeys } from './remote-keys.js';
import { SigningKeys } from './signing-keys.js';
import { TokenVerifier, verifyByKeys, verifyBySecrets } from './token-verifier.js';

/** Makes the authenticator of the settings' issuers, with a cache that forgets all tokens when a key is withdrawn. */
function createAuthenticator(
  { jwt }: GatewayConfig,
  metrics: GatewayMetrics,
  flags: DegradeFlags,
): { readonly authenticator: JwtAuthenticator; readonly keys: SigningKeys } {
  const cache = new TokenCache(jwt.cacheSize);
  metrics.bounded.watchEvictions('jwt', () => cache.evicted);
  const keysOf = (issuer: string, url: string): RemoteKeys => {
    const listener = new KeysObserver(issuer, metrics.auth, flags, () => cache.clear());
    return new RemoteKeys({ url, ttlMs: jwt.jwksTtlMs, hardGraceMs: jwt.jwksHardGraceMs, listener });
  };
  const secrets = [jwt.secret, jwt.secretPrevious].filter((secret) => secret !== undefined);
  const standardKeys = jwt.jwksUrl === undefined ? undefined : keysOf(jwt.issuer ?? jwt.jwksUrl, jwt.jwksUrl);
  const standard =
    standardKeys === undefined
      ? verifyBySecrets(secrets, jwt, jwt.issuer)
      : verifyByKeys(standardKeys, jwt, jwt.issuer);
  const others = jwt.issuers.map(({ issuer, jwksUrl }) => ({ issuer, keys: keysOf(issuer, jwksUrl) }));
  const issuers = new Map(others.map(({ issuer, keys }) => [issuer, verifyByKeys(keys, jwt, issuer)]));
  const keys = new SigningKeys(
    standardKeys,
    others.map((other) => other.keys),
  );
  const strategy = new JwtStrategy(new TokenVerifier(issuers, standard));
  return { authenticator: new JwtAuthenticator(strategy, keys, cache), keys };
}

const PARTS = Symbol('JwtParts');
type Parts = ReturnType<typeof createAuthenticator>;

/** Verification of access tokens. */
@Global()
@Module({
  providers: [
    { provide: PARTS, inject: [GATEWAY_CONFIG, GatewayMetrics, DegradeFlags], useFactory: createAuthenticator },
    { provide: SigningKeys, inject: [PARTS], useFactory: ({ keys }: Parts) => keys },
    { provide: JwtAuthenticator, inject: [PARTS], useFactory: ({ authenticator }: Parts) => authenticator },
  ],
  exports: [JwtAuthenticator, SigningKeys],
})
export class JwtModule implements OnApplicationBootstrap {
  constructor(
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
    @Inject(GATEWAY_LOGGER) private readonly logger: GatewayLogger,
  ) {}

  /** An overlap that nobody ends leaves a retired secret in force. */
  onApplicationBootstrap(): void {
    if (this.config.jwt.secretPrevious === undefined) return;
    const hint = 'remove JWT_SECRET_PREVIOUS when its tokens have expired';
    this.logger.events.warn({ hint }, 'jwt_secret_rotation_active');
  }
}
