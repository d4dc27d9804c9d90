import { ConfigError, type ConfigProblem } from '../../config/config-error.js';
import type { GatewayConfig } from '../../config/gateway-config.js';
import { valueFor } from '../../config/per-issuer.js';
import { audiencesOf } from '../../config/schema/claim-settings.js';
import type { TokenCache } from '../token-cache.js';
import { claimReaders, type ToPrincipal } from './claims.js';
import type { RemoteKeys } from './remote-keys.js';
import type { SigningKeys } from './signing-keys.js';
import {
  type TokenRules,
  type TokenVerifier,
  verifyByKeys,
  verifyBySecrets,
  type VerifyToken,
} from './token-verifier.js';

type JwtConfig = GatewayConfig['jwt'];

/** Location of the keys of one issuer. */
interface KeySource {
  readonly setting: 'JWT_JWKS_URL' | 'GATEWAY_JWT_ISSUERS';
  /** Name in metrics and logs. */
  readonly issuer: string;
  readonly url: string;
}

/** Everything that the verification of tokens needs. */
interface Verification {
  readonly standard: VerifyToken;
  /** By `iss`. */
  readonly issuers: ReadonlyMap<string, VerifyToken>;
  readonly standardKeys: RemoteKeys | undefined;
  readonly otherKeys: readonly RemoteKeys[];
  readonly read: ToPrincipal;
}

/** Objects that receive the new issuers on a reload. */
interface Verifying {
  readonly verifier: TokenVerifier;
  readonly keys: SigningKeys;
  readonly cache: TokenCache;
}

/** Issuers whose tokens are trusted, updated by a reload of the settings. */
export class TokenIssuers {
  private remote = new Map<string, RemoteKeys>();

  /** @param makeKeys creates the keys of an issuer without fetching them. */
  constructor(private readonly makeKeys: (issuer: string, url: string) => RemoteKeys) {}

  /** Creates the verification at startup: keys are fetched in the background. */
  first(jwt: JwtConfig): Verification {
    this.remote = this.keysFor(jwt);
    return verificationOf(jwt, this.remote);
  }

  /**
   * Fetches the keys of new issuers. Rejects with ConfigError if that fails for one of them. Resolves to a function
   * that puts the settings in force: cached tokens are verified again, and all keys are fetched anew.
   */
  async prepare(jwt: JwtConfig, verifying: Verifying): Promise<() => void> {
    const next = this.keysFor(jwt);
    await this.fetchNew(sourcesOf(jwt), next);
    const { standard, issuers, standardKeys, otherKeys, read } = verificationOf(jwt, next);
    return () => {
      for (const [id, keys] of this.remote) if (next.get(id) !== keys) keys.stop();
      const kept = [...next].filter(([id, keys]) => this.remote.get(id) === keys);
      this.remote = next;
      verifying.verifier.replace(issuers, standard, read);
      verifying.keys.replace(standardKeys, otherKeys);
      verifying.cache.clear();
      for (const [, keys] of kept) void keys.refresh();
    };
  }

  private keysFor(jwt: JwtConfig): Map<string, RemoteKeys> {
    const make = ({ issuer, url }: KeySource) => this.remote.get(idOf({ issuer, url })) ?? this.makeKeys(issuer, url);
    return new Map(sourcesOf(jwt).map((source) => [idOf(source), make(source)]));
  }

  private async fetchNew(sources: readonly KeySource[], next: ReadonlyMap<string, RemoteKeys>): Promise<void> {
    const added = sources.filter((source) => !this.remote.has(idOf(source)));
    const problems = await Promise.all(
      added.map(async (source): Promise<ConfigProblem[]> => {
        const keys = next.get(idOf(source));
        await keys?.refresh();
        if (keys?.ready) return [];
        const reason = `names ${source.url}, whose keys cannot be fetched`;
        return [{ name: source.setting, reason, hint: 'see gateway_jwks_refresh_failures_total for the reason' }];
      }),
    );
    if (problems.flat().length === 0) return;
    for (const source of added) next.get(idOf(source))?.stop();
    throw new ConfigError(problems.flat());
  }
}

function sourcesOf({ jwksUrl, issuer, issuers }: JwtConfig): KeySource[] {
  const standard =
    jwksUrl === undefined ? [] : [{ setting: 'JWT_JWKS_URL' as const, issuer: issuer ?? jwksUrl, url: jwksUrl }];
  const others = issuers.map((each) => ({
    setting: 'GATEWAY_JWT_ISSUERS' as const,
    issuer: each.issuer,
    url: each.jwksUrl,
  }));
  return [...standard, ...others];
}

function idOf({ issuer, url }: Pick<KeySource, 'issuer' | 'url'>): string {
  return `${issuer} ${url}`;
}

function verificationOf(jwt: JwtConfig, remote: ReadonlyMap<string, RemoteKeys>): Verification {
  const { jwksUrl, issuer, secret, secretPrevious } = jwt;
  const secrets = [secret, secretPrevious].filter((each) => each !== undefined);
  const standardKeys =
    jwksUrl === undefined ? undefined : remote.get(idOf({ issuer: issuer ?? jwksUrl, url: jwksUrl }));
  const others = jwt.issuers.map((each) => ({
    issuer: each.issuer,
    keys: remote.get(idOf({ issuer: each.issuer, url: each.jwksUrl }))!,
  }));
  const rules = rulesOf(jwt, issuer);
  return {
    standard:
      standardKeys === undefined ? verifyBySecrets(secrets, rules, issuer) : verifyByKeys(standardKeys, rules, issuer),
    issuers: new Map(others.map(({ issuer: name, keys }) => [name, verifyByKeys(keys, rulesOf(jwt, name), name)])),
    standardKeys,
    otherKeys: others.map(({ keys }) => keys),
    read: claimReaders(jwt.claims, [...(issuer === undefined ? [] : [issuer]), ...others.map((each) => each.issuer)]),
  };
}

function rulesOf(jwt: JwtConfig, issuer: string | undefined): TokenRules {
  const { claims, clockToleranceMs } = jwt;
  return {
    audience: audiencesOf(jwt, issuer),
    audienceClaims: valueFor(claims.audience, issuer),
    types: valueFor(claims.types, issuer),
    clockToleranceMs,
  };
}
