import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSandbox } from '../../sandbox/environment.js';
import { BackendView } from '../support/backend-view.js';
import { Client } from '../support/client.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { POISON_HEADERS } from '../support/poison-headers.js';
import { sendRaw } from '../support/raw-http.js';
import { TcpProxy } from '../support/tcp-proxy.js';

let gateway: TestGateway;
let backends: BackendView;
let proxy: TcpProxy;

beforeAll(async () => {
  const sandbox = await startSandbox({ faultServer: false });
  proxy = await TcpProxy.to(sandbox.aiUrl);
  gateway = await startTestGateway({ sandbox, env: { AI_SERVICE_URL: proxy.address, GATEWAY_HEALTH_INTERVAL: '1h' } });
  backends = new BackendView(sandbox);
});
afterAll(async () => {
  await gateway.close();
  await proxy.close();
});

it('a slow call of one tenant survives whatever headers another one sends', async () => {
  const alice = await Client.of(gateway, 'alice@acme.test');
  const { token } = await Client.of(gateway, 'carol@globex.test');
  const slow = alice.send('POST', '/api/v1/ai', { query: 'slow 1500ms how are you' });
  await gateway.sandbox.calls.waitFor(({ method }) => method === '/ai.v1.AIService/ProcessQuery');

  const statuses: number[] = [];
  for (const header of POISON_HEADERS) {
    const body = JSON.stringify({ query: 'hello' });
    const [response] = await sendRaw(
      gateway.url,
      `POST /api/v1/ai HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\n${header}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    );
    statuses.push(response?.status ?? 0);
  }

  expect(statuses.filter((status) => status !== 200 && status !== 400)).toEqual([]);
  expect(statuses.filter((status) => status === 200).length, 'some of them are legitimate').toBeGreaterThan(5);
  const answer = await slow;
  expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('how are you')]);
  expect(proxy.connections).toBeLessThanOrEqual(2);
  const asked = backends.calls.filter(({ call }) => call.upstream === 'ai');
  expect(asked).toHaveLength(1 + statuses.filter((status) => status === 200).length);
});
