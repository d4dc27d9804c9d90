import type { GatewayConfig } from '../../config/gateway-config.js';
import { isLoopbackHost } from '../../config/loopback.js';
import { formatDuration } from '../../config/unit-parsers.js';
import { ssoVariables } from '../../config/schema/sso-settings.js';
import type { Finding } from './finding.js';

/** Maximum reasonable tolerance in ms. Synchronized clocks differ by milliseconds. */
const MAX_TOLERANCE_MS = 120_000;

/** Audits which tokens are accepted, and for which tenants. */
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
      why: `anyone on the network path to ${new URL(url).host} can replace the keys and sign any token`,
      fix: 'use https',
    }));
}

function issuers({ jwt, environment }: GatewayConfig): Finding[] {
  if (jwt.issuer !== undefined) return [];
  const severity = environment === 'production' ? 'high' : 'low';
  const why = 'tokens of any issuer whose signature verifies are accepted';
  return [{ id: 'token-issuer-unchecked', severity, where: 'JWT_ISSUER', why, fix: 'set it to the iss of the tokens' }];
}

function clockTolerance({ jwt }: GatewayConfig): Finding[] {
  if (jwt.clockToleranceMs <= MAX_TOLERANCE_MS) return [];
  const why = `expired tokens are accepted for ${formatDuration(jwt.clockToleranceMs)} more`;
  const fix = 'synchronize clocks by NTP and set 30s';
  return [{ id: 'token-tolerance-long', severity: 'medium', where: 'GATEWAY_JWT_CLOCK_TOLERANCE', why, fix }];
}

function sharedSecret({ jwt }: GatewayConfig): Finding[] {
  if (jwt.secret === undefined) return [];
  const why = 'anyone who can verify tokens with the shared secret can also sign them';
  return [
    { id: 'token-shared-secret', severity: 'low', where: 'JWT_SECRET', why, fix: 'let the issuer publish a JWKS' },
  ];
}

/** Finds additional issuers, often those of customers, without a restriction to tenants. */
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
  const why = `tokens of the type ${[...new Set(others)].join(', ')} are distinguished from ID tokens only by their claims`;
  const fix = 'let the issuer set at+jwt (RFC 9068), and use an audience that is not a client ID';
  return [{ id: 'token-type-unmarked', severity: 'low', where: 'GATEWAY_JWT_TYPES', why, fix }];
}
