import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from '../support/client.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { RawClient } from '../support/raw-client.js';

const SENDERS = 50;
const BYTE_EVERY_MS = 200;

let gateway: TestGateway;
let alice: Client;

beforeAll(async () => {
  gateway = await startTestGateway({
    env: {
      GATEWAY_HEADERS_TIMEOUT: '1s',
      GATEWAY_RECEIVE_TIMEOUT: '2s',
    },
  });
  alice = await Client.of(gateway, 'alice@acme.test');
});
afterAll(() => gateway.close());

/** Sends the beginning, then a byte now and then until the connection is gone. */
async function dribble(beginning: string): Promise<RawClient> {
  const client = (await RawClient.open(gateway.url)).send(beginning);
  const gone = client.closed.then(() => true);
  while (!(await Promise.race([gone, pause(BYTE_EVERY_MS, false)]))) client.send('x');
  return client;
}

describe('fifty clients that send byte by byte', () => {
  const head = (rest: string) =>
    `POST /api/v1/users HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${alice.token}\r\nContent-Type: application/json\r\n${rest}`;

  it.each([
    ['their headers', 'X-Slow: '],
    ['their body', 'Content-Length: 60000\r\n\r\n{"username":"'],
  ])('%s are told 408 and closed, and others are served meanwhile', async (_what, rest) => {
    const senders = Promise.all(Array.from({ length: SENDERS }, () => dribble(head(rest))));
    expect((await alice.get('/api/v1/users?page_size=1')).status).toBe(200);
    for (const sender of await senders) expect(sender.statuses).toEqual([408]);
    expect(gateway.sandbox.calls.list().filter(({ method }) => method.endsWith('CreateUser'))).toEqual([]);
    expect((await alice.get('/api/v1/users?page_size=1')).status).toBe(200);
  });
});
