import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Counter, Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AlertWebhook } from './alert-webhook.js';
import type { Transition } from './degrade-flags.js';

interface Received {
  readonly contentType: string | undefined;
  readonly body: Record<string, unknown>;
}

const DEGRADED: Transition = {
  impairment: {
    component: 'revocation',
    cause: 'stream',
    area: 'auth',
    degraded: 'TokenRevocationService Redis stream degraded',
    recovered: 'TokenRevocationService Redis stream recovered',
  },
  state: 'degraded',
  reason: 'connection refused',
};
const RECOVERED: Transition = { ...DEGRADED, state: 'recovered', reason: '' };

let server: Server;
let received: Received[];
let answer: (response: ServerResponse, request: IncomingMessage) => void;
let outcomes: Counter<'outcome'>;
let webhook: AlertWebhook;

beforeEach(async () => {
  received = [];
  answer = (response) => response.end('ok');
  server = createServer((request, response) => void receive(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  outcomes = new Counter({ name: 'alerts', help: 'x', labelNames: ['outcome'], registers: [new Registry()] });
  const { port } = server.address() as AddressInfo;
  webhook = new AlertWebhook({
    url: `http://127.0.0.1:${port}/T0/hush`,
    deployment: 'acme-prod',
    pod: 'pod-1',
    outcomes,
  });
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  received.push({ contentType: request.headers['content-type'], body: JSON.parse(text) as Received['body'] });
  answer(response, request);
}

async function count(outcome: string): Promise<number> {
  const { values } = await outcomes.get();
  return values.find(({ labels }) => labels.outcome === outcome)?.value ?? 0;
}

describe('an alert', () => {
  it('says whose deployment, what and which instance, in words and in fields', async () => {
    webhook.send(DEGRADED);
    webhook.send(RECOVERED);
    await expect.poll(() => received.length).toBe(2);
    expect(received[0]).toMatchObject({
      contentType: 'application/json',
      body: {
        text: '[acme-prod] auth.degraded TokenRevocationService Redis stream degraded',
        event: 'auth.degraded',
        component: 'revocation',
        cause: 'stream',
        reason: 'connection refused',
        deployment: 'acme-prod',
        pod: 'pod-1',
      },
    });
    expect(received[1]?.body.text).toBe('[acme-prod] auth.recovered TokenRevocationService Redis stream recovered');
  });

  it('holds nothing of the secret URL', async () => {
    webhook.send(DEGRADED);
    await expect.poll(() => received.length).toBe(1);
    expect(JSON.stringify(received)).not.toContain('hush');
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ['refuses', (response) => response.writeHead(500).end()],
    ['redirects', (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
    ['hangs up', (response) => response.destroy()],
  ])('to a webhook that %s is lost and counted, and not sent again', async (_what, failing) => {
    answer = failing;
    webhook.send(DEGRADED);
    await expect.poll(() => count('failed')).toBe(1);
    answer = (response) => response.end();
    webhook.send(RECOVERED);
    await expect.poll(() => count('sent')).toBe(1);
    expect(received.map(({ body }) => body.event)).toEqual(['auth.degraded', 'auth.recovered']);
  });

  it('beyond a hundred that wait is dropped and counted', async () => {
    const waiting: ServerResponse[] = [];
    answer = (response) => void waiting.push(response);
    for (let sent = 0; sent < 500; sent++) webhook.send(DEGRADED);
    await expect.poll(() => waiting.length).toBe(1);
    expect(await count('dropped')).toBe(399);
    answer = (response) => response.end();
    waiting[0]?.end();
    await expect.poll(() => count('sent')).toBe(101);
    expect(received).toHaveLength(101);
  });
});
