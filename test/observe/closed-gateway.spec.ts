import { afterAll, beforeAll, expect, it } from 'vitest';
import { startWorld, type World } from '../../sandbox/world.js';
import { GatewayMetrics } from '../../src/observe/metrics.js';
import { startTestGateway } from '../support/gateway.js';

let world: World;

beforeAll(async () => {
  world = await startWorld({ faultServer: false, idp: false });
});
afterAll(() => world.close());

it('a gateway that is closed lets go of its metrics, and they of it', async () => {
  const { gateway } = await startTestGateway({ world });
  const { registry } = gateway.app.get(GatewayMetrics);
  expect(registry.getMetricsAsArray()).not.toEqual([]);
  await gateway.drain();
  expect(registry.getMetricsAsArray()).toEqual([]);
});
