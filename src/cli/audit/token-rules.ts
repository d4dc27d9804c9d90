import type { GatewayConfig } from '../../config/gateway-config.js';
import { isLoopbackHost } from '../../config/loopback.js';
import { formatDuration } from '../../config/unit-parsers.js';
import { ssoVariables } from '../../config/schema/sso-settings.js';
import type { Finding } from './finding.js';

/** More than this lets ended tokens live on; clocks that are synchronized differ by milliseconds. */
const MAX_TOLERANCE_MS = 120_000;

/** Judges which tokens are believed, and for whom. */
export const TOKEN_RULES: readonly ((config: GatewayConfig) => Finding[])[] = [
  plainKeys,
  issuers,
  clockTolerance,
  sharedSecret,
  unboundIssuers,
  tokenTypes,
];

function plainKeys({ jwt, sso }: GatewayConfig): Finding[] {
  const urls = [
    ...(jwt.jwksUrl === undefined ? [] : [{ where: 'JWT_JWKS_URL', url: jwt.jwksUrl }]),
    ...jwt.issuers.map(({ jwksUrl: url }) => ({ where: 'GATEWAY_JWT_ISSUERS', url })),
    ...[...sso.providers.values()].map(({ name, issuer: url }) => ({ where: ssoVariables(name).issuer, url })),
  ];
  return urls
    .filter(({ url }) => url.startsWith('http:') && !isLoopbackHost(new URL(url).hostname))
    .map(({ where, url }) => ({
      id: 'keys-over-http',
      severity: 'critical',
      where,
      why: `whoever is between here and ${new URL(url).host} can replace the keys, and so sign any token`,
      fix: 'use https',
    }));
}

function issuers({ jwt, environment }: GatewayConfig): Finding[] {
  if (jwt.issuer !== undefined) return [];
  const severity = environment === 'production' ? 'high' : 'low';
  const why = 'any issuer is believed whose signature verifies';
  return [{ id: 'token-issuer-unchecked', severity, where: 'JWT_ISSUER', why, fix: 'set what tokens carry as iss' }];
}

function clockTolerance({ jwt }: GatewayConfig): Finding[] {
  if (jwt.clockToleranceMs <= MAX_TOLERANCE_MS) return [];
  const why = `expired tokens are accepted for ${formatDuration(jwt.clockToleranceMs)} more`;
  const fix = 'synchronize clocks by NTP and set 30s';
  return [{ id: 'token-tolerance-long', severity: 'medium', where: 'GATEWAY_JWT_CLOCK_TOLERANCE', why, fix }];
}

function sharedSecret({ jwt }: GatewayConfig): Finding[] {
  if (jwt.secret === undefined) return [];
  const why = 'whoever can verify tokens with the shared secret can sign them as well';
  return [
    { id: 'token-shared-secret', severity: 'low', where: 'JWT_SECRET', why, fix: 'let the issuer publish a JWKS' },
  ];
}

/** Issuers beside the first one are often those of customers. */
function unboundIssuers({ jwt }: GatewayConfig): Finding[] {
  const bound = new Set(jwt.claims.tenants.map(({ issuer }) => issuer));
  const free = jwt.issuers.filter(({ issuer }) => !bound.has(issuer)).map(({ issuer }) => issuer);
  if (free.length === 0) return [];
  const why = `${free.join(', ')} can issue tokens for every tenant`;
  const fix = 'name the tenants of each issuer';
  return [{ id: 'token-issuer-any-tenant', severity: 'medium', where: 'GATEWAY_JWT_ISSUER_TENANTS', why, fix }];
}

function tokenTypes({ jwt }: GatewayConfig): Finding[] {
  const others = jwt.claims.types.flatMap(({ value }) => value).filter((type) => type !== 'at+jwt');
  if (others.length === 0) return [];
  const why = `tokens of the type ${[...new Set(others)].join(', ')} are told from ID tokens by their claims alone`;
  const fix = 'let the issuer write at+jwt (RFC 9068), and give the API an audience that no client has as its id';
  return [{ id: 'token-type-unmarked', severity: 'low', where: 'GATEWAY_JWT_TYPES', why, fix }];
}
