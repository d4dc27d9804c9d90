import type { Scenario } from './scenario.js';

export const GATEWAY_DOWN: Scenario = {
  name: 'gateway-down',
  fault: 'All pods are killed',
  inject: async ({ pods }) => void (await Promise.all(pods.map((pod) => pod.kill()))),
  heal: async (site) => void (await site.addPod()),
  alerts: [{ alert: 'GatewayDown', receiver: 'pagerduty-apigateway-oncall' }],
};
