import { hostname } from 'node:os';
import { remoteAddress } from '../listen-address.js';
import { defaulted, optional, type SettingsOf } from '../setting.js';
import { listOf, oneOf, text } from '../string-parsers.js';
import { count, duration, flag, port } from '../unit-parsers.js';
import type { alertSettings } from './alert-settings.js';

/** Settings of logs, metrics, health and startup. */
export const operationSettings = {
  GATEWAY_ENV_FILE: defaulted(listOf(text), '', {
    description:
      'Files of `NAME=value` lines, or directories with one file per setting (a mounted ConfigMap or Secret), from which settings are read in addition to the environment, at start and at each reload. Environment variables take precedence; of several files the last one wins.',
    example: '/etc/gateway/settings',
  }),
  NODE_ENV: defaulted(oneOf('production', 'development', 'test'), 'development', {
    description:
      'Environment that the gateway runs in. `production` rejects, or warns of, settings that are only safe in development.',
  }),
  LOG_LEVEL: defaulted(oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'), 'info', {
    description: 'Minimum log level.',
    reloadable: true,
  }),
  LOG_FORMAT: optional(oneOf('json', 'pretty'), {
    description:
      'Log format: JSON, or one short readable line per request and event. Unset: `pretty` on a terminal, otherwise `json`.',
    example: 'json',
  }),
  NO_COLOR: optional(text, {
    description: 'Any value disables colors on a terminal (no-color.org).',
    example: '1',
  }),
  LOG_IDENTITY: defaulted(oneOf('plain', 'hash'), 'plain', {
    description:
      'Form of `identity_id` in the log: the identity itself, or the first 16 hex digits of its SHA-256. The hash is the same in all lines of a caller.',
    reloadable: true,
  }),
  GATEWAY_AUTH_SLOW_MS: defaulted(count({ min: 1, max: 60_000 }), '10', {
    description:
      'Duration of authentication and authorization, in ms, above which the log line of a request is marked `slow`.',
    reloadable: true,
  }),
  GATEWAY_REVISION: defaulted(text, 'unknown', {
    description: 'Commit that the build was made from, for `gateway_build_info`. The image sets it.',
  }),
  ENABLE_METRICS: defaulted(flag, 'true', { description: 'Collect metrics and serve `/metrics`.' }),
  METRICS_EXEMPLARS: defaulted(flag, 'false', {
    description:
      'Add an exemplar with a sampled trace to each bucket of the request durations, for scrapes in OpenMetrics format. Requires `ENABLE_TRACING`.',
  }),
  OPS_PORT: optional(port, {
    description: 'Separate port for `/metrics` and the health paths. Unset: they are on the main port.',
    example: '9464',
  }),
  GATEWAY_HEALTH_INTERVAL: defaulted(duration({ min: 100 }), '5s', {
    description: 'Interval of health checks of the upstreams. Probes respond with the latest result.',
  }),
  GATEWAY_CONTRACT_DRIFT_INTERVAL: defaulted(duration({ min: 0 }), '60s', {
    description:
      'Interval at which the contract of each upstream is compared with the mounted one, where the upstream supports server reflection. `0s` disables it.',
  }),
  GATEWAY_STARTUP_NETCHECK_HOSTS: defaulted(listOf(remoteAddress), '', {
    description:
      'Hosts that must accept a TCP connection at start: otherwise the gateway logs the unreachable ones and exits with 1. Empty: it starts regardless, and logs whether each upstream is reachable (`upstream_probe`).',
    example: 'user-service:50051,redis:6379',
  }),
  GATEWAY_RECOVERY_HOLD: defaulted(duration({ min: 0, max: 600_000 }), '10s', {
    description: 'How long a component must stay healthy before its recovery is reported. `0s` reports it immediately.',
  }),
};

type OperationSettings = SettingsOf<typeof operationSettings>;

/** Maps the settings of health checks. */
export function healthOf(settings: OperationSettings) {
  return {
    intervalMs: settings.GATEWAY_HEALTH_INTERVAL,
    recoveryHoldMs: settings.GATEWAY_RECOVERY_HOLD,
    driftIntervalMs: settings.GATEWAY_CONTRACT_DRIFT_INTERVAL,
    netcheckHosts: settings.GATEWAY_STARTUP_NETCHECK_HOSTS,
  };
}

export type HealthConfig = Readonly<ReturnType<typeof healthOf>>;

/** Maps the settings of the log. */
export function logOf(settings: OperationSettings) {
  return {
    level: settings.LOG_LEVEL,
    format: settings.LOG_FORMAT,
    noColor: settings.NO_COLOR !== undefined,
    hashIdentity: settings.LOG_IDENTITY === 'hash',
    slowAuthMs: settings.GATEWAY_AUTH_SLOW_MS,
  };
}

/** Maps the settings that identify the process. */
export function processOf(
  settings: SettingsOf<typeof operationSettings & Pick<typeof alertSettings, 'POD_NAME' | 'GATEWAY_DEPLOYMENT_TAG'>>,
) {
  const instance = settings.POD_NAME ?? hostname();
  const deployment = settings.GATEWAY_DEPLOYMENT_TAG ?? '';
  return { revision: settings.GATEWAY_REVISION, instance, deployment, environment: settings.NODE_ENV };
}
