import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FaultFixture } from '../support/fault-fixture.js';

const METHOD = '/ai.v1.AIService/StreamQuery';
const TOKEN_BYTES = 65_536;
const ENDED = 'upstream_grpc_errors_total{upstream="ai",method="StreamQuery",code="CANCELLED"}';

let faults: FaultFixture;
beforeAll(async () => {
  faults = await FaultFixture.start({ env: { GATEWAY_TENANT_SHARE_PERCENT: '100' } });
});
afterAll(() => faults.close());
beforeEach(() => faults.sandbox.calls.clear());

const calls = () => faults.sandbox.calls.list().filter(({ method }) => method === METHOD);
const cancelled = () => calls().filter((call) => call.cancelled).length;

/** So many clients of one stream each. */
function open(count: number, query: string): Promise<IncomingMessage[]> {
  return Promise.all(Array.from({ length: count }, () => faults.open(query)));
}

function leave(clients: readonly IncomingMessage[]): void {
  for (const client of clients) client.destroy();
}

describe('clients that read nothing of their stream (FI-21)', { timeout: 60_000 }, () => {
  it('hold the backend back, not the memory or anybody else', async () => {
    const clients = await open(3, `stream 100000 tokens of ${TOKEN_BYTES} bytes slow 0ms`);
    for (const client of clients) client.pause();
    const sent = () => calls().reduce((sum, { messages }) => sum + messages, 0);
    // While others are answered, whoever can send does so.
    const stands = async () => {
      const count = sent();
      await faults.codes('/api/v1/users/acme-alice', 20);
      return count > 0 && sent() === count;
    };
    await expect.poll(stands, { interval: 100, timeout: 40_000 }).toBe(true);
    expect(calls().filter(({ outcome }) => outcome !== null)).toEqual([]);
    // Sockets of this machine take some MiB each; 100,000 tokens are 6 GiB.
    for (const { messages } of calls()) expect(messages * TOKEN_BYTES).toBeLessThan(32 * 1_048_576);
    leave(clients);
    await expect.poll(cancelled).toBe(3);
    await faults.expectSound(ENDED);
  });
});

describe('clients that leave in the middle of their stream (FI-22)', () => {
  it('are a hundred cancelled calls at the backend, and nothing is left of them', async () => {
    const clients = await open(100, 'stream 100000 tokens slow 50ms');
    await Promise.all(clients.map((client) => once(client, 'data')));
    expect(await faults.metric('gateway_upstream_in_flight_requests{upstream="ai"}')).toBe(100);
    leave(clients);
    await expect.poll(cancelled).toBe(100);
    expect(calls()).toHaveLength(100);
    await faults.expectSound(ENDED, 'http_requests_total{path="/api/v1/ai:stream",status="499"}');
  });
});
