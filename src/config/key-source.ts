import type { ConfigProblem } from './config-error.js';
import { isLoopbackHost } from './loopback.js';
import { rotatedKeyProblems } from './rotated-keys.js';
import type { Settings } from './schema.js';
import type { Known } from './setting.js';

/** Validates the sources of token keys: exactly one per issuer, and fetched over https in production. */
export function keySourceProblems(settings: Known<Settings>, unreadable: ReadonlySet<string>): ConfigProblem[] {
  return [
    ...sourceProblems(settings, unreadable),
    ...rotatedKeyProblems(settings, unreadable, 'JWT_SECRET'),
    ...plainProblems(settings),
    ...issuerProblems(settings),
  ];
}

function sourceProblems(settings: Known<Settings>, unreadable: ReadonlySet<string>): ConfigProblem[] {
  const { JWT_JWKS_URL: url, JWT_SECRET: secret } = settings;
  if (url !== undefined && secret !== undefined) {
    const reason = 'is set together with JWT_JWKS_URL: anyone who knows the secret could sign tokens as the issuer';
    return [{ name: 'JWT_SECRET', reason, hint: 'remove the one that the issuer does not use' }];
  }
  const isSet =
    url !== undefined || secret !== undefined || unreadable.has('JWT_JWKS_URL') || unreadable.has('JWT_SECRET');
  if (isSet) return [];
  const hint = 'set JWT_JWKS_URL to the key set of the issuer, or JWT_SECRET to the secret shared with it';
  return [{ name: 'JWT_JWKS_URL', reason: 'is not set, nor is JWT_SECRET: tokens cannot be verified', hint }];
}

function plainProblems(settings: Known<Settings>): ConfigProblem[] {
  if (settings.NODE_ENV !== 'production') return [];
  const urls = [
    { name: 'JWT_JWKS_URL', url: settings.JWT_JWKS_URL ?? '' },
    ...(settings.GATEWAY_JWT_ISSUERS ?? []).map(({ jwksUrl: url }) => ({ name: 'GATEWAY_JWT_ISSUERS', url })),
  ];
  return urls
    .filter(({ url }) => url.startsWith('http:') && !isLoopbackHost(new URL(url).hostname))
    .map(({ name, url }) => ({
      name,
      reason: 'fetches keys over plain http in production: anyone on the network path could replace them',
      hint: `write ${url.replace(/^http:/, 'https:')}`,
    }));
}

/** Rejects an issuer with two sources of keys, since its tokens would be as weak as the weaker one. */
function issuerProblems({ JWT_ISSUER, GATEWAY_JWT_ISSUERS = [] }: Known<Settings>): ConfigProblem[] {
  const issuers = [
    ...(JWT_ISSUER === undefined ? [] : [JWT_ISSUER]),
    ...GATEWAY_JWT_ISSUERS.map((each) => each.issuer),
  ];
  return [...new Set(issuers.filter((issuer, index) => issuers.indexOf(issuer) !== index))].map((issuer) => ({
    name: 'GATEWAY_JWT_ISSUERS',
    reason: `has a second source of keys for ${issuer}`,
    hint: 'name each issuer once, here or in JWT_ISSUER',
  }));
}
