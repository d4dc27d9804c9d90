import { isIP } from 'node:net';
import type { GatewayConfig } from '../../config/gateway-config.js';
import { isLoopbackHost, isLoopbackTarget } from '../../config/loopback.js';
import { upstreamVariables } from '../../config/schema/upstream-settings.js';
import type { Finding } from './finding.js';
import { TOKEN_RULES } from './token-rules.js';

type Rule = (config: GatewayConfig) => Finding[];

/** Audits valid settings. */
export function auditSettings(config: GatewayConfig): Finding[] {
  return RULES.flatMap((rule) => rule(config));
}

const RULES: readonly Rule[] = [
  plaintextUpstreams,
  ...TOKEN_RULES,
  redis,
  sessions,
  proxies,
  admin,
  verbosity,
  rateLimits,
  protection,
  metrics,
];

function plaintextUpstreams({ upstreams }: GatewayConfig): Finding[] {
  return [...upstreams.values()]
    .filter(({ tls, target }) => tls.mode === 'insecure' && !isLoopbackTarget(target))
    .map(({ name, target }) => ({
      id: 'upstream-plaintext',
      severity: isInternal(target) ? 'medium' : 'high',
      where: upstreamVariables(name).url,
      why: `calls to ${target} carry identities and data unencrypted`,
      fix: `set ${upstreamVariables(name).tlsMode}=tls or mtls, unless a mesh encrypts`,
    }));
}

/** Matches names and addresses inside a cluster or a private network (RFC 1918, RFC 4193). */
function isInternal(target: string): boolean {
  const hosts = target.replace(/^(?:dns:\/\/\/|ipv[46]:)/, '').split(',');
  return hosts.every((hostPort) => {
    const host = hostPort.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
    if (isIP(host) === 0) return !host.includes('.') || /\.(?:svc|svc\.cluster\.local|internal|local)\.?$/.test(host);
    return /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|f[cd])/i.test(host);
  });
}

function redis({ redis: store }: GatewayConfig): Finding[] {
  if (store === undefined || isLoopbackHost(store.address.host)) return [];
  const where = 'REDIS_URL';
  const { tls, password } = store.address;
  const plain = 'sessions, limits and revocations are sent unencrypted';
  const open = 'anyone who can connect to Redis can end sessions and bypass limits';
  return [
    ...(tls ? [] : [finding('redis-plaintext', 'medium', where, [plain, 'use rediss://'])]),
    ...(password === undefined
      ? [finding('redis-no-password', 'high', where, [open, 'set a user and a password'])]
      : []),
  ];
}

function sessions({ sso, redis: store, environment }: GatewayConfig): Finding[] {
  if (sso.providers.size === 0 || environment !== 'production') return [];
  const alone = 'browser sessions end with the instance that created them';
  const unkeyed = 'browser sessions end at each start, since a new key is generated';
  return [
    ...(store === undefined ? [finding('sessions-in-memory', 'medium', 'REDIS_URL', [alone, 'set it'])] : []),
    ...(sso.sessionKey === undefined
      ? [finding('session-key-unset', 'medium', 'GATEWAY_SESSION_KEY', [unkeyed, 'set it'])]
      : []),
  ];
}

function proxies({ server }: GatewayConfig): Finding[] {
  const everyone = server.trustedProxies.filter(isHuge);
  if (everyone.length === 0) return [];
  const why = `${everyone.join(', ')} lets any client forge its address in limits and logs`;
  return [
    finding('proxies-everyone', 'high', 'GATEWAY_TRUSTED_PROXIES', [why, 'list the CIDR blocks of your proxies']),
  ];
}

/** Returns whether a block is larger than any private network: 10.0.0.0/8 is the largest of RFC 1918. */
function isHuge(block: string): boolean {
  const [address = '', prefix = ''] = block.split('/');
  return prefix !== '' && Number(prefix) < (isIP(address) === 6 ? 7 : 8);
}

function admin({ admin: listener }: GatewayConfig): Finding[] {
  if (listener === undefined || listener.token !== undefined) return [];
  const isOwn = isLoopbackHost(listener.host);
  const why = isOwn
    ? 'every process of the pod can open circuit breakers and read requests in flight'
    : 'every machine that can connect to the admin port can change this gateway';
  const fix = 'set it: openssl rand -hex 32';
  return [finding('admin-no-token', isOwn ? 'low' : 'critical', 'GATEWAY_ADMIN_AUTH_TOKEN', [why, fix])];
}

function verbosity({ log, authorization, environment }: GatewayConfig): Finding[] {
  if (environment !== 'production') return [];
  const isVerbose = log.level === 'debug' || log.level === 'trace';
  const debug = `${log.level} in production: unneeded log lines use CPU time and may contain data`;
  const detail = 'a 403 discloses the names of permissions';
  return [
    ...(isVerbose ? [finding('debug-in-production', 'medium', 'LOG_LEVEL', [debug, 'set info'])] : []),
    ...(authorization.exposeDetail
      ? [finding('authorization-detail', 'low', 'GATEWAY_EXPOSE_AUTHZ_DETAIL', [detail, 'remove it'])]
      : []),
  ];
}

function rateLimits({ rateLimit, environment, redis: store }: GatewayConfig): Finding[] {
  const dry = 'limits are counted and never enforced';
  const none = 'one address can use the whole capacity of the gateway';
  const apart = 'each instance counts separately, but GATEWAY_REPLICAS is 1';
  const where = 'GATEWAY_RATE_LIMIT_DRY_RUN';
  return [
    ...(rateLimit.dryRun && environment === 'production'
      ? [finding('rate-limit-dry-run', 'high', where, [dry, 'remove it'])]
      : []),
    ...(rateLimit.ip === undefined
      ? [finding('no-address-limit', 'medium', 'GATEWAY_RATE_LIMIT_IP_RPS', [none, 'set it'])]
      : []),
    ...(store === undefined && rateLimit.replicas === 1 && environment === 'production'
      ? [finding('rate-limit-per-instance', 'low', 'GATEWAY_REPLICAS', [apart, 'set it, or REDIS_URL'])]
      : []),
  ];
}

function protection({ circuit, load }: GatewayConfig): Finding[] {
  const noCircuit = 'calls to a failing service continue until all requests wait for it';
  const noShedding = 'under overload all requests become slow, instead of a few being rejected';
  return [
    ...(circuit.errorPercent === 0 && circuit.consecutiveErrors === 0
      ? [
          finding('circuit-never-opens', 'high', 'GATEWAY_CIRCUIT_ERROR_PERCENT', [
            noCircuit,
            'set one of the two limits',
          ]),
        ]
      : []),
    ...(load.shedDelayMs === 0 && load.shedHeapPercent === 0
      ? [finding('no-load-shedding', 'medium', 'GATEWAY_SHED_DELAY', [noShedding, 'remove the setting'])]
      : []),
  ];
}

function metrics({ metrics: settings }: GatewayConfig): Finding[] {
  if (settings.enabled) return [];
  const why = '/metrics is 404: metrics cannot be scraped, and alerts do not fire';
  return [finding('metrics-off', 'medium', 'ENABLE_METRICS', [why, 'remove it'])];
}

/** @param text why, and how to fix it. */
function finding(id: string, severity: Finding['severity'], where: string, [why, fix]: [string, string]): Finding {
  return { id, severity, where, why, fix };
}
