import { randomBytes } from 'node:crypto';
import { CsrfCheck } from '../access/csrf.js';
import type { JwtAuthenticator } from '../access/jwt-authenticator.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import type { SsoConfig } from '../config/schema/sso-settings.js';
import type { Revocations } from '../domain/revocation.js';
import type { GatewayLogger } from '../observe/logger.js';
import { AeadCipher } from '../redis/aead-cipher.js';
import type { RedisConnections } from '../redis/redis-connections.js';
import type { CallStack } from '../traffic/stack.js';
import { AuthService } from './auth-service.js';
import { CookieSessions, SessionPrincipals } from './cookie-sessions.js';
import { IdentityProvider } from './identity-provider.js';
import { LoginCookies } from './login-cookies.js';
import { Login } from './login.js';
import { MemoryStore } from './memory-store.js';
import { ProviderSignOut } from './provider-sign-out.js';
import { Providers } from './providers.js';
import { RedisStore } from './redis-store.js';
import { SessionRenewal } from './session-renewal.js';
import { SessionInfo } from './session.controller.js';
import { Sessions } from './sessions.js';
import { SignOut } from './sign-out.js';

/** Dependencies of sign-in and sessions. */
interface SsoDependencies {
  readonly stack: CallStack;
  readonly tokens: JwtAuthenticator;
  readonly logger: GatewayLogger;
  readonly redis: RedisConnections | undefined;
  readonly revocations: Revocations | undefined;
}

const now = () => Date.now();

/** Creates the parts of single sign-on. */
export function createSso({ sso, server }: GatewayConfig, surroundings: SsoDependencies) {
  const { stack, tokens, logger, redis, revocations } = surroundings;
  const publicUrl = server.publicUrl ?? '';
  const store = redis === undefined ? new MemoryStore() : new RedisStore(redis);
  const cipher = new AeadCipher('session', sessionSecrets(sso));
  const sessions = new Sessions(store, cipher, { idleMs: sso.sessionIdleMs, maxAgeMs: sso.sessionMaxAgeMs });
  const auth = new AuthService(stack);
  const principals = new SessionPrincipals(tokens, sso.sessionMaxAgeMs);
  const renewal = new SessionRenewal({ sessions, store, auth, now });
  const signOut = new SignOut({ sessions, auth, revocations, logger: logger.events });
  const cookies = new LoginCookies(cipher, now);
  const byName = [...sso.providers].map(([name, config]) => [name, new IdentityProvider(config)] as const);
  const providers = new Providers(new Map(byName), auth);
  return {
    store,
    evicted: {
      sessions: () => (store instanceof MemoryStore ? store.evicted : 0),
      renewals: () => renewal.evicted,
    },
    providers,
    reader: new CookieSessions(sessions, renewal, principals, now),
    login: new Login({ auth, sessions, signOut, principals, store, cookies, publicUrl, now }),
    signOut,
    providerSignOut: new ProviderSignOut({ sessions, providers, store, cipher, publicUrl, now }),
    info: new SessionInfo(sessions, sso, server.basePath),
    csrf: new CsrfCheck(publicUrl, server),
  };
}

export type SsoParts = ReturnType<typeof createSso>;

/**
 * Returns the session keys. Without a configured key a random one is used: sessions are then in memory and end with the
 * process.
 */
function sessionSecrets({ sessionKey, sessionKeyPrevious }: SsoConfig): string[] {
  const first = sessionKey ?? randomBytes(32).toString('base64');
  return sessionKeyPrevious === undefined ? [first] : [first, sessionKeyPrevious];
}
