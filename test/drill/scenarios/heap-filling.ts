import { PLANTED } from './planted-faults.js';
import { until } from '../until.js';
import type { Scenario } from './scenario.js';

export const HEAP_FILLING: Scenario = {
  name: 'heap-filling',
  fault: 'Code of the gateway keeps objects, up to the limit of its heap and nearly that of its memory',
  env: { PLANTED_MEMORY_LIMIT: String(700 * 1_048_576) },
  nodeArgs: ['--max-old-space-size=384', '--max-semi-space-size=4', ...PLANTED],
  // Memory first: near the limit of its heap, a process collects garbage and hardly does anything else.
  inject: async (site) => {
    await site.pod.plant('/full-memory');
    const full = 'process_resident_memory_bytes / gateway_memory_limit_bytes > 0.8';
    await until('the memory is full', async () => (await site.query(full)).length > 0);
    await site.pod.plant('/full-heap');
  },
  heal: async (site) => {
    const full = site.pod;
    const { name } = await site.addPod();
    const isScraped = async () => (await site.query(`up{pod="${name}"} == 1`)).length > 0;
    await until('the pod in its place is scraped', isScraped);
    await full.kill();
  },
  alerts: [
    { alert: 'GatewayHeapNearLimit', receiver: 'slack-infra-oncall' },
    { alert: 'GatewayHighMemory', receiver: 'slack-infra-oncall' },
  ],
};
