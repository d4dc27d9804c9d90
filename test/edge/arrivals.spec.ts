import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stages, startTestGateway, type TestGateway } from '../support/gateway.js';
import { RawClient } from '../support/raw-client.js';

/** One more than the requests that begin in one turn of the event loop. */
const MANY = 17;
const GET = 'GET /api/v1/users HTTP/1.1\r\nHost: localhost\r\n\r\n';
const POST = 'POST /api/v1/users HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

const times = <T>(count: number, value: T) => Array.from({ length: count }, () => value);
const lines = (status: number) => gateway.lines.filter((line) => line.status === status).length;

describe('a request that waits for its turn', () => {
  it('is answered after those before it', async () => {
    const client = await RawClient.open(gateway.url);
    client.send(GET.repeat(10 * MANY));
    await expect.poll(() => client.statuses).toEqual(times(10 * MANY, 401));
    client.leave();
  });

  it('is answered when its body turns out not to be HTTP', async () => {
    const client = await RawClient.open(gateway.url);
    client.send(`${GET.repeat(MANY)}${POST}zz\r\n`);
    await expect.poll(() => client.statuses).toEqual([...times(MANY, 401), 400]);
    client.leave();
  });

  it('is over, with a log line, when its client leaves', async () => {
    const before = lines(401) + lines(499);
    const client = await RawClient.open(gateway.url);
    client.send(GET.repeat(MANY)).reset();
    await client.closed;
    await expect.poll(() => stages(gateway)).toEqual([]);
    // A reset may overtake all of them, or none.
    await expect.poll(() => [0, MANY]).toContain(lines(401) + lines(499) - before);
  });
});
