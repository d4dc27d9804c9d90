import type { ConfigProblem } from './config-error.js';
import { isLoopbackHost } from './loopback.js';
import type { Settings } from './schema.js';
import type { Known } from './upstreams.js';

/** What is wrong with where the keys of tokens come from: exactly one source, and no key that others can exchange. */
export function keySourceProblems(settings: Known<Settings>, unreadable: ReadonlySet<string>): ConfigProblem[] {
  return [
    ...sourceProblems(settings, unreadable),
    ...previousProblems(settings, unreadable),
    ...plainProblems(settings),
  ];
}

function sourceProblems(settings: Known<Settings>, unreadable: ReadonlySet<string>): ConfigProblem[] {
  const { JWT_JWKS_URL: url, JWT_SECRET: secret } = settings;
  if (url !== undefined && secret !== undefined) {
    const reason = 'is set beside JWT_JWKS_URL: whoever holds the secret could sign as the issuer';
    return [{ name: 'JWT_SECRET', reason, hint: 'remove the one that the issuer does not use' }];
  }
  const isSet =
    url !== undefined || secret !== undefined || unreadable.has('JWT_JWKS_URL') || unreadable.has('JWT_SECRET');
  if (isSet) return [];
  const hint = 'set JWT_JWKS_URL to the key set of the issuer, or JWT_SECRET to the secret shared with it';
  return [{ name: 'JWT_JWKS_URL', reason: 'is not set, nor is JWT_SECRET: no token could be verified', hint }];
}

function previousProblems(settings: Known<Settings>, unreadable: ReadonlySet<string>): ConfigProblem[] {
  if (settings.JWT_SECRET_PREVIOUS === undefined || unreadable.has('JWT_SECRET')) return [];
  if (settings.JWT_SECRET === undefined) {
    return [{ name: 'JWT_SECRET_PREVIOUS', reason: 'is set without JWT_SECRET', hint: 'set JWT_SECRET or remove it' }];
  }
  if (settings.JWT_SECRET !== settings.JWT_SECRET_PREVIOUS) return [];
  return [{ name: 'JWT_SECRET_PREVIOUS', reason: 'is the same as JWT_SECRET', hint: 'set the old one, or remove it' }];
}

function plainProblems({ JWT_JWKS_URL: url, NODE_ENV: environment }: Known<Settings>): ConfigProblem[] {
  if (url === undefined || environment !== 'production' || !url.startsWith('http:')) return [];
  if (isLoopbackHost(new URL(url).hostname)) return [];
  const reason = 'fetches keys over plain http in production: anyone on the way could exchange them';
  return [{ name: 'JWT_JWKS_URL', reason, hint: `write ${url.replace(/^http:/, 'https:')}` }];
}
