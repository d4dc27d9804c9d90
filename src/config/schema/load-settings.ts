import { count, duration } from '../unit-parsers.js';
import { defaulted } from '../setting.js';
import { listOf } from '../string-parsers.js';
import { tenantWeight } from '../tenant-weight.js';

/** How much is done at once, and what gives way when that is too much. */
export const loadSettings = {
  GATEWAY_MAX_CONCURRENT_REQUESTS: defaulted(count({ min: 1 }), '4096', {
    description: 'Requests in flight at once, health and metrics aside; more are refused (503).',
    reloadable: true,
  }),
  GATEWAY_UPSTREAM_MAX_CONCURRENT: defaulted(count({ min: 1 }), '512', {
    description: 'Calls in flight at once to an upstream that has no `GATEWAY_<NAME>_MAX_CONCURRENT`; streams count.',
  }),
  GATEWAY_QUEUE_SIZE: defaulted(count({ max: 100_000 }), '128', {
    description: 'Calls that may wait for a free place at an upstream; more are refused (503). 0: none waits.',
  }),
  GATEWAY_QUEUE_TIMEOUT: defaulted(duration(), '50ms', {
    description: 'Longest such wait (503).',
  }),
  GATEWAY_TENANT_SHARE_PERCENT: defaulted(count({ min: 1, max: 100 }), '75', {
    description: 'Most places at an upstream that the calls of one tenant may take. 100: all of them.',
  }),
  GATEWAY_TENANT_WEIGHTS: defaulted(listOf(tenantWeight), '', {
    description: 'Who is served first when places are few: a tenant of weight 3 gets three for each one of the others.',
    example: 'acme=3,globex=2',
  }),
  GATEWAY_SHED_DELAY: defaulted(duration({ min: 0 }), '100ms', {
    description:
      'Event loop delay (90th percentile) from which less is taken on at once, AI first, reads and sign-in last. `0s`: never.',
  }),
  GATEWAY_SHED_HEAP_PERCENT: defaulted(count({ min: 0, max: 99 }), '85', {
    description: 'Share of the heap limit in use from which less is taken on at once. 0: never.',
  }),
  GATEWAY_SHED_MEMORY_PERCENT: defaulted(count({ min: 0, max: 99 }), '92', {
    description:
      'Share of the memory limit of the container (or of the memory of the machine) that may be in use before fewer requests are admitted at once, in percent. 0: never.',
  }),
};
