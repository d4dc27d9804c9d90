import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BackendView } from '../support/backend-view.js';
import { Client } from '../support/client.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { NAUGHTY_STRINGS } from './naughty-strings.js';
import { sendRequest } from '../support/raw-http.js';

let gateway: TestGateway;
let backends: BackendView;
let token: string;

beforeAll(async () => {
  gateway = await startTestGateway({ env: { GATEWAY_HEALTH_INTERVAL: '1h' } });
  const alice = await Client.of(gateway, 'alice@acme.test');
  token = alice.token;
  await alice.get('/api/v1/me');
  backends = new BackendView(gateway.sandbox);
});
afterAll(() => gateway.close());
beforeEach(() => backends.clear());

const MAX_PATH_VALUE_BYTES = 1_024;

/** Strings that every proxy and backend reads in the same way, when encoded in one path segment. */
function isOneSegment(text: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return !/[/\\\u0000-\u001f\u007f-\u009f]/.test(text) && !['', '.', '..'].includes(text);
}

function expectAnswered(status: number): void {
  expect(status).toBeGreaterThanOrEqual(200);
  expect(status).toBeLessThan(500);
}

describe.each(NAUGHTY_STRINGS.map((text) => [text]))('%j', (text) => {
  it('in a body', async () => {
    const body = JSON.stringify({ labels: { [text]: text }, displayName: text });
    const { status } = await sendRequest(gateway.url, {
      method: 'PATCH',
      target: '/api/v1/users/acme-bob',
      token,
      body,
    });
    expectAnswered(status);
    const [received] = backends.calls;
    expect(received?.request).toMatchObject({ user: { displayName: text } });
    const user = received?.request.user as { labels: Record<string, string> } | undefined;
    expect(Object.entries(user?.labels ?? {})).toEqual([[text, text]]);
  });

  it('in a query', async () => {
    const target = `/api/v1/users/search?query=${encodeURIComponent(text)}`;
    const { status } = await sendRequest(gateway.url, { method: 'GET', target, token });
    expectAnswered(status);
    expect(backends.calls.map(({ request }) => request.query)).toEqual([text]);
  });

  it('in a path', async () => {
    const target = `/api/v1/users/${encodeURIComponent(text)}`;
    const { status } = await sendRequest(gateway.url, { method: 'GET', target, token });
    if (isOneSegment(text) && Buffer.byteLength(text) <= MAX_PATH_VALUE_BYTES) {
      expect(status).toBe(404);
      expect(backends.calls.map(({ request }) => request.userId)).toEqual([text]);
    } else {
      expect([200, 400, 414]).toContain(status);
      expect(backends.calls.map(({ request }) => request.userId)).not.toContain(text);
      expect(backends.calls.filter(({ call }) => !call.method.endsWith('ListUsers'))).toEqual([]);
    }
  });

  it('as it is, in path, query and header', async () => {
    const raw = Buffer.from(text.replaceAll(/[\r\n]/g, ''));
    const into = (prefix: string) => Buffer.concat([Buffer.from(prefix), raw]);
    const targets = [into('/api/v1/users/'), into('/api/v1/users/search?query='), into('/api/v1/users/search?')];
    for (const target of targets) {
      expectAnswered((await sendRequest(gateway.url, { method: 'GET', target, token })).status);
    }
    backends.clear();
    const header = into('X-Naughty: ');
    const { status } = await sendRequest(gateway.url, {
      method: 'GET',
      target: '/api/v1/users',
      token,
      headers: [header],
    });
    expect([200, 400]).toContain(status);
    expect(backends.calls).toHaveLength(status === 200 ? 1 : 0);
    expect(JSON.stringify(backends.calls.map(({ call }) => Object.keys(call.metadata)))).not.toContain('naughty');
  });
});

it('none of them breaks a line of the log', async () => {
  const text = JSON.stringify(gateway.lines);
  expect(gateway.lines.length).toBeGreaterThan(NAUGHTY_STRINGS.length);
  expect(gateway.lines.every(({ ts, level }) => typeof ts === 'string' && typeof level === 'string')).toBe(true);
  expect(text).not.toContain('"level":"error"');
});
