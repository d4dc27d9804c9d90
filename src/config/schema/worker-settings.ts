import { defaulted } from '../setting.js';
import { workerCount } from '../workers.js';

/** Settings of worker processes. */
export const workerSettings = {
  GATEWAY_WORKERS: defaulted(workerCount, '1', {
    description:
      'Number of processes that share the port; `auto`: one per CPU that the process may use. Limits and caches are divided among them (docs/workers.md). On Kubernetes keep 1 and scale pods.',
    example: 'auto',
  }),
};
