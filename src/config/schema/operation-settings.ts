import { remoteAddress } from '../listen-address.js';
import { count, duration, flag, port } from '../unit-parsers.js';
import { defaulted, optional } from '../setting.js';
import { listOf, oneOf, text } from '../string-parsers.js';

/** What operators see. */
export const operationSettings = {
  GATEWAY_ENV_FILE: defaulted(listOf(text), '', {
    description:
      'Files of `NAME=value` lines, or directories with a file for each setting (a mounted ConfigMap or Secret), that settings are read from beside the environment, at the start and at each reload. A variable of the environment comes first; of two files the later one.',
    example: '/etc/gateway/settings',
  }),
  NODE_ENV: defaulted(oneOf('production', 'development', 'test'), 'development', {
    description: 'Where the gateway runs. `production` refuses or warns of what is only fit for a desk.',
  }),
  LOG_LEVEL: defaulted(oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'), 'info', {
    description: 'Least level that is logged.',
    reloadable: true,
  }),
  LOG_FORMAT: optional(oneOf('json', 'pretty'), {
    description:
      'Form of the log: JSON, or one short line per request and event for people. Unset: `pretty` at a terminal, `json` everywhere else.',
    example: 'json',
  }),
  NO_COLOR: optional(text, {
    description: 'Any value: no colors at a terminal (no-color.org).',
    example: '1',
  }),
  LOG_IDENTITY: defaulted(oneOf('plain', 'hash'), 'plain', {
    description:
      'How `identity_id` of the log names a caller: as it is, or by the first 16 hex digits of its SHA-256. A hash is the same in all lines of a caller.',
    reloadable: true,
  }),
  GATEWAY_AUTH_SLOW_MS: defaulted(count({ min: 1, max: 60_000 }), '10', {
    description: 'Time to authenticate and authorize a request, in ms, above which its line of the log says `slow`.',
    reloadable: true,
  }),
  GATEWAY_REVISION: defaulted(text, 'unknown', {
    description: 'Commit that the build was made from, for `gateway_build_info`. The image sets it.',
  }),
  ENABLE_METRICS: defaulted(flag, 'true', { description: 'Collect metrics and serve `/metrics`.' }),
  METRICS_EXEMPLARS: defaulted(flag, 'false', {
    description:
      'Name a kept trace beside each bucket of the request durations, for scrapes that ask for OpenMetrics. Needs `ENABLE_TRACING`.',
  }),
  OPS_PORT: optional(port, {
    description: 'Port of `/metrics` and the health paths alone. Unset: they are on the main port.',
    example: '9464',
  }),
  GATEWAY_HEALTH_INTERVAL: defaulted(duration({ min: 100 }), '5s', {
    description: 'How often the health of the upstreams is checked. Probes answer with the latest verdict.',
  }),
  GATEWAY_CONTRACT_DRIFT_INTERVAL: defaulted(duration({ min: 0 }), '60s', {
    description:
      'How often the contract of each upstream is compared with the mounted one, by server reflection where it offers that. `0s` never asks.',
  }),
  GATEWAY_STARTUP_NETCHECK_HOSTS: defaulted(listOf(remoteAddress), '', {
    description:
      'Hosts without a TCP connection to which the gateway does not start: it says which cannot be reached, and ends with 1. Empty: it starts whatever can be reached, and says so of each upstream (`upstream_probe`).',
    example: 'user-service:50051,redis:6379',
  }),
  GATEWAY_RECOVERY_HOLD: defaulted(duration({ min: 0, max: 600_000 }), '10s', {
    description: 'How long an impaired part must be well again before that is told. `0s` tells it at once.',
  }),
};
