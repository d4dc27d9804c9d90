import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSandbox, type SandboxEnvironment } from '../../sandbox/environment.js';
import { GatewayMetrics } from '../../src/observe/metrics.js';
import { startTestGateway } from '../support/gateway.js';

let sandbox: SandboxEnvironment;

beforeAll(async () => {
  sandbox = await startSandbox({ faultServer: false, idp: false });
});
afterAll(() => sandbox.close());

it('a gateway that is closed lets go of its metrics, and they of it', async () => {
  const { gateway } = await startTestGateway({ sandbox });
  const { registry } = gateway.app.get(GatewayMetrics);
  expect(registry.getMetricsAsArray()).not.toEqual([]);
  await gateway.drain();
  expect(registry.getMetricsAsArray()).toEqual([]);
});
