import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ShapesBackend, startShapesGateway, TENANT_CACHE, versionOf } from '../support/cached-shapes.js';
import { Client } from '../support/client.js';
import type { TestGateway } from '../support/gateway.js';
import { expectFetchProblem } from '../support/problem.js';
import { lastRequest } from '../support/gateway.js';

const SHAPES = '/shapes/v1/shapes';

let shapes: ShapesBackend;
let gateway: TestGateway;
let alice: Client;
beforeAll(async () => {
  shapes = await ShapesBackend.start(TENANT_CACHE);
  gateway = await startShapesGateway(shapes, { env: { GATEWAY_CIRCUIT_MIN_REQUESTS: '10' } });
  alice = await Client.of(gateway, 'alice@acme.test');
});
afterEach(() => void vi.useRealTimers());
afterAll(async () => {
  await gateway.close();
  shapes.close();
});

describe('an answer that cannot be read is a failure of its backend', () => {
  it('for which the last good one stands in, and that is not kept', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const first = await versionOf(await alice.get(SHAPES));
    vi.setSystemTime(Date.now() + 6_000);
    shapes.mangle();
    expect(await versionOf(await alice.get(SHAPES))).toBe(first);
    await expect.poll(() => lastRequest(gateway)).toMatchObject({ response_cache: 'stale', grpc_code: 'INTERNAL' });
    vi.setSystemTime(Date.now() + 60_000);
    await expectFetchProblem(await alice.get(SHAPES), 'UPSTREAM_ERROR');
    shapes.recover();
    expect((await alice.get(SHAPES)).status).toBe(200);
  });

  it('that opens its circuit', async () => {
    shapes.mangle();
    for (let n = 0; n < 12; n++) await alice.get(`${SHAPES}?page_size=${n + 1}`);
    await expectFetchProblem(await alice.get(`${SHAPES}?page_size=50`), 'CIRCUIT_OPEN');
  });
});
