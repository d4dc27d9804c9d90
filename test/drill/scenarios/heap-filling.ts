import { PLANTED } from './planted-faults.js';
import type { Scenario } from './scenario.js';

export const HEAP_FILLING: Scenario = {
  name: 'heap-filling',
  fault: 'Code of the gateway keeps objects, up to the limit of its heap and nearly that of its memory',
  env: { PLANTED_MEMORY_LIMIT: String(700 * 1_048_576) },
  nodeArgs: ['--max-old-space-size=384', '--max-semi-space-size=4', ...PLANTED],
  inject: async ({ pod }) => {
    await pod.plant('/full-heap');
    await pod.plant('/full-memory');
  },
  heal: async (site) => {
    const full = site.pod;
    await site.addPod();
    await full.kill();
  },
  alerts: [
    { alert: 'GatewayHeapNearLimit', receiver: 'slack-infra-oncall' },
    { alert: 'GatewayHighMemory', receiver: 'slack-infra-oncall' },
  ],
};
