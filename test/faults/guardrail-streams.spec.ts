import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { GuardrailPhase } from '../../src/domain/call-context.js';
import { Decision } from '../../src/gen/guardrail/v1/guardrail_pb.js';
import { Client } from '../support/client.js';
import { NO_CIRCUIT, SHORT } from '../support/fault-settings.js';
import { lastRequest, startTestGateway, type TestGateway } from '../support/gateway.js';
import { ALLOW, GuardrailStub, HANG, once, verdict } from '../support/guardrail-stub.js';
import { metric } from '../support/metrics.js';

const PHASES: readonly GuardrailPhase[] = ['request', 'response', 'chunk'];

let stub: GuardrailStub;
let gateway: TestGateway;
let alice: Client;

beforeAll(async () => {
  stub = await GuardrailStub.start();
  // Longer than a test waits for a check to be cancelled.
  const budgets = { GATEWAY_GUARDRAIL_TIMEOUT: '25s', GATEWAY_GUARDRAIL_CHUNK_TIMEOUT: '25s' };
  gateway = await startTestGateway({
    env: { ...SHORT, ...NO_CIRCUIT, GUARDRAIL_SERVICE_URL: stub.address, ...budgets },
  });
  alice = await Client.of(gateway, 'alice@acme.test');
});
beforeEach(() => {
  stub.reset();
  gateway.sandbox.calls.clear();
});
afterAll(async () => {
  await gateway.close();
  stub.close();
});

const stream = (query: string) => alice.send('POST', '/api/v1/ai:stream', { query });

describe('a stream that a guardrail checks', () => {
  const texts = (body: string) => [...body.matchAll(/"token":"([^"]*)"/g)].map(([, text = '']) => text.trim());
  const tokens = (count: number) => Array.from({ length: count }, (_, index) => `token-${index + 1}`);

  it('ends with an error where a message is blocked, which nobody gets to see', async () => {
    stub.answer = ({ texts: seen }) =>
      verdict({ decision: seen.some((text) => text.includes('token-3')) ? Decision.BLOCK : Decision.ALLOW });
    // The messages come one by one: the first two are allowed on their own.
    const response = await stream('stream 50 tokens slow 200ms');
    const body = await response.text();
    expect(response.status).toBe(200);
    expect(texts(body)).toEqual(['token-1', 'token-2']);
    expect(body).toMatch(/event: error\ndata: .*"code":"CONTENT_BLOCKED".*\n\n$/);
    await gateway.sandbox.calls.waitFor(({ method, cancelled }) => method.endsWith('StreamQuery') && cancelled);
  });

  it('keeps its order with one check at a time, however many messages wait for it', async () => {
    stub.answer = async (check) => {
      await new Promise((resolve) => setTimeout(resolve, check.phase === 'chunk' ? 5 : 0));
      return ALLOW(check);
    };
    const body = await (await stream('stream 1000 tokens slow 0ms')).text();
    expect(texts(body)).toEqual(tokens(1000));
    const chunks = stub.checks.filter(({ phase }) => phase === 'chunk');
    expect(stub.mostChunksAtOnce).toBe(1);
    expect(chunks.length).toBeLessThan(500);
    let next = 0;
    for (const { firstIndex, texts: batch } of chunks) {
      expect(firstIndex).toBe(next);
      expect(batch.length).toBeLessThanOrEqual(64);
      next += batch.length;
    }
    expect(next).toBe(1001);
  });

  it('passes messages of a mebibyte one by one', async () => {
    const body = await (await stream('stream 8 tokens of 1048576 bytes slow 0ms')).text();
    expect(texts(body).map(({ length }) => length)).toEqual(Array.from({ length: 8 }, () => 1_048_576));
  });

  it('is checked in batches of 256 KiB, or of one message that is larger', async () => {
    stub.answer = async (check) => {
      await new Promise((resolve) => setTimeout(resolve, check.phase === 'chunk' ? 5 : 0));
      return ALLOW(check);
    };
    await (await stream('stream 40 tokens of 100000 bytes slow 0ms')).text();
    const sizes = stub.checks
      .filter(({ phase, texts: batch }) => phase === 'chunk' && batch.length > 1)
      .map(({ texts: batch }) => batch.reduce((sum, { length }) => sum + length, 0));
    expect(sizes.length).toBeGreaterThan(0);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(256 * 1024);
  });

  it('costs nothing more once a guardrail that hangs has opened its circuit', async () => {
    const own = await startTestGateway({
      sandbox: gateway.sandbox,
      env: {
        ...SHORT,
        GATEWAY_CIRCUIT_PRESET: 'strict',
        GATEWAY_CIRCUIT_OPEN: '60s',
        GUARDRAIL_SERVICE_URL: stub.address,
        GATEWAY_GUARDRAIL_TIMEOUT: '10s',
        GATEWAY_GUARDRAIL_FAIL_OPEN: 'true',
      },
    });
    const client = await Client.of(own, 'alice@acme.test');
    stub.answer = (check) => (check.phase === 'chunk' ? HANG(check) : ALLOW(check));
    const body = await (await client.send('POST', '/api/v1/ai:stream', { query: 'stream 40 tokens slow 20ms' })).text();
    const skipped = await metric(own.url, 'gateway_guardrail_checks_total', { phase: 'chunk', outcome: 'skipped' });
    await own.gateway.drain();
    expect(texts(body)).toEqual(tokens(40));
    // The check of the request was allowed: with it, three that time out are above the threshold of 60 %.
    expect(stub.checks.filter(({ phase }) => phase === 'chunk').length).toBeLessThan(10);
    expect(skipped).toBeGreaterThan(0);
  });

  it('ends when the guardrail disappears in the middle of it', async () => {
    const dying = await GuardrailStub.start();
    const own = await startTestGateway({
      env: { ...SHORT, ...NO_CIRCUIT, GUARDRAIL_SERVICE_URL: dying.address, GATEWAY_GUARDRAIL_CHUNK_TIMEOUT: '10s' },
    });
    const client = await Client.of(own, 'alice@acme.test');
    dying.answer = (check) => {
      if (check.texts.some((text) => text.includes('token-3'))) dying.close();
      return ALLOW(check);
    };
    const body = await (
      await client.send('POST', '/api/v1/ai:stream', { query: 'stream 50 tokens slow 100ms' })
    ).text();
    await own.close();
    expect(texts(body)).toEqual(['token-1', 'token-2']);
    expect(body).toMatch(/event: error\ndata: .*"code":"UPSTREAM_UNAVAILABLE".*\n\n$/);
  });

  it('tells a failure of its backend after the messages before it', async () => {
    const body = await (await stream('stream 20 tokens slow 0ms fail after 20')).text();
    expect(texts(body)).toEqual(tokens(20));
    expect(body).toMatch(/event: error\ndata: .*"code":"UPSTREAM_UNAVAILABLE"/);
  });
});

describe('a client that leaves', () => {
  it.each(PHASES)('cancels the check of a %s', async (phase) => {
    stub.answer = once(phase, HANG);
    const before = await failures(gateway);
    const abort = new AbortController();
    const path = phase === 'chunk' ? '/api/v1/ai:stream' : '/api/v1/ai';
    const left = alice.sendWith(abort.signal, path, { query: 'hello' }).catch(() => 'left');
    await expect.poll(() => stub.checks.some((check) => check.phase === phase)).toBe(true);
    abort.abort();
    expect(await left).toBe('left');
    await expect.poll(() => stub.cancelled).toBe(1);
    await expect.poll(() => lastRequest(gateway)).toMatchObject({ status: 499 });
    // That says nothing of the guardrail.
    expect(await failures(gateway)).toBe(before);
  });

  async function failures({ url }: TestGateway): Promise<number> {
    let sum = 0;
    for (const outcome of ['timeout', 'error', 'skipped']) {
      for (const phase of PHASES) sum += (await metric(url, 'gateway_guardrail_checks_total', { phase, outcome })) ?? 0;
    }
    return sum;
  }
});

it('a keyed request whose time is over after the AI has answered is done', async () => {
  const headers = { 'idempotency-key': 'out-of-time', 'x-request-timeout': '2s' };
  const ask = () => alice.send('POST', '/api/v1/ai', { query: 'hello' }, headers);
  stub.answer = once('response', HANG);
  expect((await ask()).status).toBe(504);
  expect((await ask()).headers.get('idempotency-replayed')).toBe('true');
  expect(gateway.sandbox.calls.list().filter(({ method }) => method.endsWith('ProcessQuery'))).toHaveLength(1);
});
