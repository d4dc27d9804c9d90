import { bytes, count, duration } from '../unit-parsers.js';
import { defaulted, optional } from '../setting.js';
import { listOf } from '../string-parsers.js';
import { tenantWeight } from '../tenant-weight.js';

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
