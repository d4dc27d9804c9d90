import { ask } from '../site/traffic.js';
import { until } from '../until.js';
import type { Scenario } from './scenario.js';

export const STUCK_DRAIN: Scenario = {
  name: 'stuck-drain',
  fault: 'A pod is told to end while a request in it does not',
  pods: 2,
  inject: async (site) => {
    const { pod } = site;
    void ask(site.sandbox, pod.url, 'alice@acme.test', 'slow 60000ms');
    const busy = `gateway_in_flight_requests{pod="${pod.name}"} > 0`;
    await until('the request is in flight', async () => (await site.query(busy)).length > 0);
    pod.terminate();
  },
  heal: async ({ pods }) => void (await Promise.all(pods.filter((pod) => pod.isEnding).map((pod) => pod.kill()))),
  alerts: [{ alert: 'GatewayStuckDrain', receiver: 'slack-infra-oncall' }],
};
