import type { ConfigWarning } from './config-error.js';
import type { GatewayConfig } from './gateway-config.js';
import { lookalikeWarnings } from './lookalikes.js';
import { isLoopbackTarget } from './loopback.js';
import { storeKeyWarnings } from './rotated-keys.js';
import { acceptsOtlp, type TracingConfig } from './schema/tracing-settings.js';
import { upstreamVariables } from './schema/upstream-settings.js';
import { formatDuration } from './unit-parsers.js';
import { type Environment, isSet } from './variables.js';
import { workerWarnings } from './workers.js';

const ADDRESSES = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'JAEGER_URL'] as const;

/** The idle timeout of common load balancers. */
const LOAD_BALANCER_IDLE_MS = 60_000;

/** Returns warnings about valid settings, given the environment that they were read from. They are logged at boot and printed by `gateway check`. */
export function configWarnings(config: GatewayConfig, env: Environment): readonly ConfigWarning[] {
  const production = config.environment === 'production';
  return [
    ...secretWarnings(config),
    ...keepAliveWarnings(config),
    ...prefixWarnings(config),
    ...storeKeyWarnings(config),
    ...lookalikeWarnings(env),
    ...metricsWarnings(config),
    ...tracingWarnings(config, env),
    ...workerWarnings(config),
    ...(production
      ? [...plaintextWarnings(config), ...logWarnings(config), ...issuerWarnings(config), ...sessionWarnings(config)]
      : []),
  ];
}

/** Warns of secrets in quotes or white space, a common cause of signatures that never verify. */
function secretWarnings({ jwt }: GatewayConfig): ConfigWarning[] {
  const secrets = { JWT_SECRET: jwt.secret, JWT_SECRET_PREVIOUS: jwt.secretPrevious };
  return Object.entries(secrets)
    .filter(([, value]) => value !== undefined && (value !== value.trim() || /^["']|["']$/.test(value)))
    .map(([name]) => ({
      name,
      reason: 'begins or ends with white space or a quote, which is taken as part of it',
      hint: 'remove it unless the issuer signs with it',
    }));
}

function metricsWarnings({ metrics, tracing }: GatewayConfig): ConfigWarning[] {
  if (metrics.exemplars && tracing === undefined) {
    const reason = 'is true, but ENABLE_TRACING is not: exemplars need traces';
    return [{ name: 'METRICS_EXEMPLARS', reason, hint: 'set ENABLE_TRACING=true, or remove it' }];
  }
  if (metrics.enabled) return [];
  const reason = 'is false: /metrics answers 404, so metrics cannot be scraped and alerts cannot fire';
  return [{ name: 'ENABLE_METRICS', reason, hint: 'remove it unless another system watches the gateway' }];
}

function keepAliveWarnings({ server }: GatewayConfig): ConfigWarning[] {
  if (server.keepAliveTimeoutMs > LOAD_BALANCER_IDLE_MS) return [];
  const reason = `is ${formatDuration(server.keepAliveTimeoutMs)}: a load balancer with an idle timeout of 60s may use a connection that is being closed`;
  return [{ name: 'GATEWAY_KEEP_ALIVE_TIMEOUT', reason, hint: 'keep it above the idle timeout of the load balancer' }];
}

function prefixWarnings({ server }: GatewayConfig): ConfigWarning[] {
  if (!server.forwardedPrefix || server.trustedProxies.length > 0) return [];
  const reason = 'is true, but no proxy is trusted: X-Forwarded-Prefix is not read';
  return [{ name: 'GATEWAY_FORWARDED_PREFIX', reason, hint: 'name the proxies in GATEWAY_TRUSTED_PROXIES' }];
}

function plaintextWarnings({ upstreams }: GatewayConfig): ConfigWarning[] {
  return [...upstreams.values()]
    .filter(({ target, tls }) => tls.mode === 'insecure' && !isLoopbackTarget(target))
    .map(({ name, target }) => ({
      name: upstreamVariables(name).url,
      reason: `sends calls to ${target} unencrypted in production`,
      hint: `set ${upstreamVariables(name).tlsMode}=tls unless the network encrypts`,
    }));
}

function logWarnings({ log }: GatewayConfig): ConfigWarning[] {
  if (log.level !== 'debug' && log.level !== 'trace') return [];
  return [{ name: 'LOG_LEVEL', reason: `is ${log.level} in production`, hint: 'set info' }];
}

/** Warns of sessions in memory: a browser whose next request reaches another instance is signed out. */
function sessionWarnings({ sso, redis }: GatewayConfig): ConfigWarning[] {
  if (sso.providers.size === 0 || redis !== undefined) return [];
  const reason = 'is not set: browser sessions exist only in the instance that created them, and end with it';
  return [{ name: 'REDIS_URL', reason, hint: 'set it where more than one instance runs' }];
}

function issuerWarnings({ jwt }: GatewayConfig): ConfigWarning[] {
  if (jwt.issuer !== undefined) return [];
  const reason = 'is not set: tokens of any issuer whose signature verifies are accepted';
  return [{ name: 'JWT_ISSUER', reason, hint: 'set it to the iss of the tokens' }];
}

/** Warns of tracing settings without effect, and of an address that was translated. */
export function tracingWarnings({ tracing }: Pick<GatewayConfig, 'tracing'>, env: Environment): ConfigWarning[] {
  const set = ADDRESSES.filter((name) => isSet(env, name));
  if (tracing === undefined) {
    const reason = 'is set, but ENABLE_TRACING is not true: spans are not exported';
    return set.map((name) => ({ name, reason, hint: 'set ENABLE_TRACING=true, or remove it' }));
  }
  const [used, ...unused] = set;
  if (used === undefined) {
    const reason = `is true, but no collector is configured: spans are exported to ${tracing.endpoint}`;
    return [{ name: 'ENABLE_TRACING', reason, hint: 'set OTEL_EXPORTER_OTLP_ENDPOINT' }];
  }
  return [
    ...unused.map((name) => ({ name, reason: `has no effect together with ${used}`, hint: 'remove one of them' })),
    ...(used === 'JAEGER_URL' ? translationWarnings(env['JAEGER_URL'] ?? '', tracing) : []),
  ];
}

function translationWarnings(given: string, { endpoint }: TracingConfig): ConfigWarning[] {
  if (acceptsOtlp(given)) return [];
  const reason = `is ${given}, which does not accept OTLP over HTTP: spans are exported to ${endpoint}`;
  return [{ name: 'JAEGER_URL', reason, hint: `set JAEGER_URL=${new URL(endpoint).origin}` }];
}
