import { defaulted } from '../setting.js';
import { workerCount } from '../workers.js';

/** More than one core. */
export const workerSettings = {
  GATEWAY_WORKERS: defaulted(workerCount, '1', {
    description:
      'Processes that serve the one port, each on a core of its own; `auto`: one for each core that the process may use. Limits and caches are divided among them (docs/workers.md). On Kubernetes leave it at 1 and scale pods.',
    example: 'auto',
  }),
};
