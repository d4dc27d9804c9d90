import { defaulted, type Kind, optional, Refusal, type SettingsOf } from '../setting.js';
import { listOf } from '../string-parsers.js';
import { bytes, count, duration } from '../unit-parsers.js';

const MAX_WEIGHT = 1000;

/** Weight of a tenant: `acme=3`. */
export interface TenantWeight {
  readonly tenantId: string;
  readonly weight: number;
}

/** Parses the weight of a tenant relative to other tenants, which have 1. */
export const tenantWeight: Kind<TenantWeight> = {
  form: 'tenant weight',
  parse(raw) {
    const [, tenantId, digits] = /^([^=\s]+)=(\d{1,4})$/.exec(raw) ?? [];
    const weight = Number(digits);
    if (tenantId !== undefined && weight >= 1 && weight <= MAX_WEIGHT) return { tenantId, weight };
    throw new Refusal(
      `"${raw}" is not a tenant weight`,
      `write tenant=weight with a weight of 1 to ${MAX_WEIGHT}: acme=3`,
    );
  },
};

/** Settings of concurrency limits and load shedding. */
export const loadSettings = {
  GATEWAY_MAX_CONCURRENT_REQUESTS: defaulted(count({ min: 1 }), '4096', {
    description: 'Maximum number of concurrent requests, except health and metrics; further ones are rejected (503).',
    reloadable: true,
  }),
  GATEWAY_MAX_BODY_MEMORY: optional(bytes({ min: 65_536 }), {
    description:
      'Maximum size of all request bodies in flight together; further ones are rejected (503). If unset: an eighth of the heap limit. A single body is always accepted up to its own limit.',
    example: '64MiB',
  }),
  GATEWAY_UPSTREAM_MAX_CONCURRENT: defaulted(count({ min: 1 }), '512', {
    description:
      'Maximum number of concurrent calls, including streams, to an upstream without `GATEWAY_<NAME>_MAX_CONCURRENT`.',
  }),
  GATEWAY_QUEUE_SIZE: defaulted(count({ max: 100_000 }), '128', {
    description:
      'Maximum number of calls that wait for the concurrency limit of an upstream; further ones are rejected (503). 0: calls do not wait.',
  }),
  GATEWAY_QUEUE_TIMEOUT: defaulted(duration(), '50ms', {
    description: 'Maximum time in that queue (503).',
  }),
  GATEWAY_TENANT_SHARE_PERCENT: defaulted(count({ min: 1, max: 100 }), '75', {
    description:
      'Maximum share of the concurrency limit of an upstream that one tenant may use, in percent. 100: all of it.',
  }),
  GATEWAY_TENANT_WEIGHTS: defaulted(listOf(tenantWeight), '', {
    description:
      'Weights of tenants while calls wait: a tenant of weight 3 gets three permits for each one of the others.',
    example: 'acme=3,globex=2',
  }),
  GATEWAY_SHED_DELAY: defaulted(duration({ min: 0 }), '100ms', {
    description:
      'Event loop delay (90th percentile) above which fewer concurrent requests are admitted; AI is shed first, reads and sign-in last. `0s`: never.',
  }),
  GATEWAY_SHED_HEAP_PERCENT: defaulted(count({ min: 0, max: 99 }), '85', {
    description:
      'Used share of the heap limit, in percent, above which fewer concurrent requests are admitted. 0: never.',
  }),
  GATEWAY_SHED_MEMORY_PERCENT: defaulted(count({ min: 0, max: 99 }), '92', {
    description:
      'Used share of the memory limit of the container (or of the memory of the machine), in percent, above which fewer concurrent requests are admitted. 0: never.',
  }),
};

/** Maps the settings of concurrency limits and load shedding. */
export function loadOf(settings: SettingsOf<typeof loadSettings>) {
  return {
    maxConcurrentRequests: settings.GATEWAY_MAX_CONCURRENT_REQUESTS,
    queueSize: settings.GATEWAY_QUEUE_SIZE,
    queueTimeoutMs: settings.GATEWAY_QUEUE_TIMEOUT,
    tenantSharePercent: settings.GATEWAY_TENANT_SHARE_PERCENT,
    tenantWeights: settings.GATEWAY_TENANT_WEIGHTS,
    shedDelayMs: settings.GATEWAY_SHED_DELAY,
    shedHeapPercent: settings.GATEWAY_SHED_HEAP_PERCENT,
    shedMemoryPercent: settings.GATEWAY_SHED_MEMORY_PERCENT,
    maxBodyMemoryBytes: settings.GATEWAY_MAX_BODY_MEMORY,
  };
}

export type LoadConfig = Readonly<ReturnType<typeof loadOf>>;
