import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from '../support/client.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectFetchProblem } from '../support/problem.js';
import { sendRaw } from '../support/raw-http.js';

const USERS = '/api/v1/users';

let gateway: TestGateway;
let alice: Client;

beforeAll(async () => {
  gateway = await startTestGateway({ env: { GATEWAY_HEALTH_INTERVAL: '1h' } });
  alice = await Client.of(gateway, 'alice@acme.test');
});
afterAll(() => gateway.close());

/** Statuses and media types of a request whose Accept header comes in several lines of bytes. */
async function sendLines(method: string, path: string, accept: readonly string[]) {
  const lines = [`${method} ${path} HTTP/1.1`, 'Host: a', `Authorization: Bearer ${alice.token}`];
  const body = method === 'POST' ? '{"query":"stream 1 tokens slow 0ms"}' : '';
  lines.push('Connection: close', 'Content-Type: application/json', `Content-Length: ${body.length}`);
  lines.push(...accept.map((value) => `Accept: ${value}`));
  const responses = await sendRaw(gateway.url, Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1'));
  return responses.map(({ status, headers }) => [status, headers['content-type']?.split(';')[0]]);
}

describe('a route that answers with JSON', () => {
  it.each(['application/json', 'application/*;q=0.1', 'text/html, */*;q=0.1', 'application/json;charset=utf-8'])(
    'does so for Accept: %s',
    async (accept) => {
      const response = await alice.get(USERS, { accept });
      expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
    },
  );

  it.each([
    'text/html',
    'application/json;q=0',
    '*/*;q=0',
    'application/json;q=0, */*',
    'application/xml',
    '__proto__',
  ])('refuses Accept: %s', async (accept) => {
    const problem = await expectFetchProblem(await alice.get(USERS, { accept }), 'NOT_ACCEPTABLE');
    expect(problem.detail).toContain('application/json');
  });

  it('refuses before it asks the service', async () => {
    const user = { username: 'walter', email: 'walter@acme.test' };
    await expectFetchProblem(await alice.send('POST', USERS, user, { accept: 'text/csv' }), 'NOT_ACCEPTABLE');
    expect([...gateway.sandbox.directory.users.values()].map(({ username }) => username)).not.toContain('walter');
  });

  it('does not negotiate what has no body', async () => {
    const created = await alice.send('POST', USERS, { username: 'trudy', email: 'trudy@acme.test' });
    const { id } = (await created.json()) as { id: string };
    const response = await alice.send('DELETE', `${USERS}/${id}`, undefined, { accept: 'text/html' });
    expect(response.status).toBe(204);
  });
});

describe('an Accept header in several lines', () => {
  it('is one list', async () => {
    const path = '/api/v1/ai:stream';
    expect(await sendLines('POST', path, ['text/event-stream;q=0.1', 'application/x-ndjson'])).toEqual([
      [200, 'application/x-ndjson'],
    ]);
    expect(await sendLines('POST', path, ['*/*', 'text/event-stream;q=0', 'application/x-ndjson;q=0'])).toEqual([
      [200, 'application/json'],
    ]);
    expect(await sendLines('GET', USERS, ['text/html', 'application/json;q=0.1'])).toEqual([[200, 'application/json']]);
    expect(await sendLines('GET', USERS, ['text/html', 'text/csv'])).toEqual([[406, 'application/problem+json']]);
  });

  it('is read as bytes: only SP and HTAB are white space', async () => {
    expect(await sendLines('GET', USERS, ['\xa0application/json'])).toEqual([[406, 'application/problem+json']]);
    expect(await sendLines('GET', USERS, ['\tapplication/json '])).toEqual([[200, 'application/json']]);
  });
});
