import { createRemoteJWKSet, customFetch as josesFetch } from 'jose';
import {
  allowInsecureRequests,
  ClientSecretBasic,
  ClientSecretPost,
  type Configuration,
  customFetch,
  discovery,
} from 'openid-client';
import { authUnavailable } from '../access/refusal.js';
import type { SsoProviderConfig } from '../config/schema/sso-settings.js';
import { boundedFetch, LIBRARY_TIMEOUT_SECONDS } from './bounded-fetch.js';

/** Time for which metadata is used before it is refreshed in the background, in ms. */
const FRESH_MS = 3_600_000;
/** Pause after a failed attempt, in ms. */
const COOLDOWN_MS = 2_000;

type KeySet = ReturnType<typeof createRemoteJWKSet>;

/** Metadata of a provider (OpenID Connect Discovery 1.0), and its keys. */
export interface ProviderMetadata {
  readonly configuration: Configuration;
  /** Exactly as in its tokens. */
  readonly issuer: string;
  readonly keys: KeySet;
}

/** OpenID Connect provider. Its metadata is fetched for the first sign-in, so that a gateway starts without it. */
export class IdentityProvider {
  private metadata: ProviderMetadata | undefined;
  /** Monotonic ms. */
  private freshUntil = -Infinity;
  private failedAt = -Infinity;
  private failure: unknown;
  private pending: Promise<ProviderMetadata> | undefined;

  constructor(readonly config: SsoProviderConfig) {}

  get name(): string {
    return this.config.name;
  }

  /** Returns the metadata. Rejects with AUTH_UNAVAILABLE while there is none. */
  async discover(): Promise<ProviderMetadata> {
    if (this.metadata === undefined) return this.load();
    if (this.freshUntil <= performance.now()) this.load().catch(() => undefined);
    return this.metadata;
  }

  /** Loads the metadata: concurrent calls share one attempt, and a pause follows a failed one. */
  private load(): Promise<ProviderMetadata> {
    if (this.pending === undefined && performance.now() - this.failedAt < COOLDOWN_MS)
      return Promise.reject(this.unavailable());
    this.pending ??= this.fetch().finally(() => (this.pending = undefined));
    return this.pending;
  }

  private async fetch(): Promise<ProviderMetadata> {
    try {
      this.metadata = await fetchMetadata(this.config);
      this.freshUntil = performance.now() + FRESH_MS;
      return this.metadata;
    } catch (error) {
      this.failedAt = performance.now();
      this.failure = error;
      throw this.unavailable();
    }
  }

  private unavailable(): Error {
    const cause = new Error(`the metadata of ${this.config.issuer} could not be read`, { cause: this.failure });
    return authUnavailable(`the identity provider "${this.name}" does not answer`, cause);
  }
}

async function fetchMetadata({ issuer, clientId, clientSecret }: SsoProviderConfig): Promise<ProviderMetadata> {
  const isPlain = issuer.startsWith('http:');
  const configuration = await discovery(
    new URL(issuer),
    clientId,
    clientSecret,
    (server, client, body, headers) => {
      // client_secret_basic is the default if the list is absent (RFC 8414 2).
      const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
      const authenticate = methods.includes('client_secret_basic') ? ClientSecretBasic : ClientSecretPost;
      authenticate(clientSecret)(server, client, body, headers);
    },
    // The settings allow plain http only for loopback addresses.
    {
      timeout: LIBRARY_TIMEOUT_SECONDS,
      [customFetch]: boundedFetch,
      ...(isPlain ? { execute: [allowInsecureRequests] } : {}),
    },
  );
  const server = configuration.serverMetadata();
  return { configuration, issuer: server.issuer, keys: keysOf(server.jwks_uri, isPlain) };
}

function keysOf(url: string | undefined, isPlainAllowed: boolean): KeySet {
  if (url === undefined) throw new Error('the provider metadata has no jwks_uri');
  if (!isPlainAllowed && !url.startsWith('https:')) throw new Error(`jwks_uri ${url} is not https`);
  return createRemoteJWKSet(new URL(url), {
    timeoutDuration: LIBRARY_TIMEOUT_SECONDS * 1000,
    [josesFetch]: boundedFetch,
  });
}
