import type { ConfigProblem } from './config-error.js';
import { isLoopbackHost } from './loopback.js';
import { rotatedKeyProblems } from './rotated-keys.js';
import type { Settings } from './schema.js';
import { type SsoSource, ssoVariables } from './schema/sso-settings.js';
import type { Known } from './setting.js';

/** Finds settings that would prevent sign-in, or send it over plaintext (RFC 9700 2.6). */
export function ssoProblems(
  settings: Known<Settings>,
  sources: readonly SsoSource[],
  unreadable: ReadonlySet<string>,
): ConfigProblem[] {
  const [first] = sources;
  return [
    ...(first === undefined ? [] : publicUrlProblems(settings, first, unreadable)),
    ...sources.flatMap(issuerProblems),
    ...(first === undefined ? [] : sharedKeyProblems(settings, unreadable)),
    ...rotatedKeyProblems(settings, unreadable, 'GATEWAY_SESSION_KEY'),
  ];
}

function publicUrlProblems(
  { GATEWAY_PUBLIC_URL: url }: Known<Settings>,
  { name }: SsoSource,
  unreadable: ReadonlySet<string>,
): ConfigProblem[] {
  if (url === undefined) {
    if (unreadable.has('GATEWAY_PUBLIC_URL')) return [];
    const reason = `is not set: the identity provider "${name}" could not redirect browsers back`;
    return [
      { name: 'GATEWAY_PUBLIC_URL', reason, hint: 'set it to the URL that browsers use: https://api.example.com' },
    ];
  }
  const { protocol, hostname } = new URL(url);
  if (protocol === 'https:' || isLoopbackHost(hostname)) return [];
  const reason = 'is plain http: browsers send the session cookie only over https';
  return [{ name: 'GATEWAY_PUBLIC_URL', reason, hint: `write ${url.replace(/^http:/, 'https:')}` }];
}

function issuerProblems({ name, own: { issuer } }: SsoSource): ConfigProblem[] {
  if (issuer === undefined || issuer.startsWith('https:') || isLoopbackHost(new URL(issuer).hostname)) return [];
  const reason = 'is plain http: anyone on the network path could sign in as any user';
  return [{ name: ssoVariables(name).issuer, reason, hint: `write ${issuer.replace(/^http:/, 'https:')}` }];
}

/** Requires a shared session key with Redis: with different keys instances could not read sessions of each other. */
function sharedKeyProblems(settings: Known<Settings>, unreadable: ReadonlySet<string>): ConfigProblem[] {
  const isShared = settings.REDIS_URL !== undefined;
  if (!isShared || settings.GATEWAY_SESSION_KEY !== undefined || unreadable.has('GATEWAY_SESSION_KEY')) return [];
  const reason = 'is not set, but sessions are stored in Redis and every instance must be able to read them';
  return [{ name: 'GATEWAY_SESSION_KEY', reason, hint: 'set the same in all instances: openssl rand -base64 48' }];
}
