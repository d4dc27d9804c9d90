import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startSandbox, type SandboxEnvironment } from '../../sandbox/environment.js';
import type { GuardrailOutcome, GuardrailPhase } from '../../src/domain/call-context.js';
import { Decision } from '../../src/gen/guardrail/v1/guardrail_pb.js';
import { Protection } from '../../src/traffic/protection.js';
import { Client } from '../support/client.js';
import { NO_CIRCUIT, SHORT } from '../support/fault-settings.js';
import { lineOf, startTestGateway, type TestGateway } from '../support/gateway.js';
import { ALLOW, type CheckAnswer, GuardrailStub, HANG, once, verdict } from '../support/guardrail-stub.js';
import { metric, Scrape } from '../support/metrics.js';

/** A text of a client that nobody else may see. */
const SECRET = 'sesame';
const PHASES: readonly GuardrailPhase[] = ['request', 'response', 'chunk'];
const RETRY_AFTER = 'retry-after';

let stub: GuardrailStub;
let sandbox: SandboxEnvironment;
const gateways = new Map<'open' | 'closed', { gateway: TestGateway; alice: Client }>();

beforeAll(async () => {
  stub = await GuardrailStub.start();
  sandbox = await startSandbox({ faultServer: false, idp: false });
  for (const mode of ['open', 'closed'] as const) {
    const gateway = await startTestGateway({
      sandbox,
      env: {
        ...SHORT,
        ...NO_CIRCUIT,
        GUARDRAIL_SERVICE_URL: stub.address,
        GATEWAY_GUARDRAIL_TIMEOUT: '1s',
        GATEWAY_GUARDRAIL_CHUNK_TIMEOUT: '1s',
        GATEWAY_GUARDRAIL_FAIL_OPEN: String(mode === 'open'),
      },
    });
    gateways.set(mode, { gateway, alice: await Client.of(gateway, 'alice@acme.test') });
  }
});
beforeEach(() => {
  stub.reset();
  sandbox.calls.clear();
});
afterAll(async () => {
  for (const { gateway } of gateways.values()) await gateway.close();
  stub.close();
});

function subject(mode: 'open' | 'closed') {
  const found = gateways.get(mode);
  if (found === undefined) throw new Error(`no gateway that fails ${mode}`);
  return found;
}

/** Asks the AI in the way that has this phase. */
function ask(phase: GuardrailPhase, mode: 'open' | 'closed', query = `say ${SECRET}`): Promise<Response> {
  const path = phase === 'chunk' ? '/api/v1/ai:stream' : '/api/v1/ai';
  return subject(mode).alice.send('POST', path, { query });
}

const refuse = (code: number): CheckAnswer => {
  return () => Promise.reject(Object.assign(new Error(`I will not read "${SECRET}"`), { code, details: SECRET }));
};

/** Responses of a guardrail, and the label under which each is counted. */
const ANSWERS: readonly (readonly [what: string, answer: CheckAnswer, outcome: GuardrailOutcome])[] = [
  ['allows', ALLOW, 'allowed'],
  ['blocks', () => verdict({ decision: Decision.BLOCK, reason: 'pii' }), 'blocked'],
  ['blocks and quotes the message', () => verdict({ decision: Decision.BLOCK, reason: `"${SECRET}"` }), 'blocked'],
  ['hangs', HANG, 'timeout'],
  ['fails with INTERNAL', refuse(13), 'error'],
  ['fails with INVALID_ARGUMENT', refuse(3), 'error'],
  ['fails with PERMISSION_DENIED', refuse(7), 'error'],
  ['fails with UNAUTHENTICATED', refuse(16), 'error'],
  ['answers without a verdict', () => verdict(undefined), 'error'],
  ['answers without a decision', () => verdict({ reason: SECRET }), 'error'],
  ['answers with a decision of a later version', () => verdict({ decision: 99 as Decision }), 'error'],
  ['answers with bytes that are no message', () => Buffer.from([0xff, 0xff]), 'error'],
];

const TABLE = PHASES.flatMap((phase) =>
  ANSWERS.flatMap(([what, answer, outcome]) =>
    (['open', 'closed'] as const).map((mode) => ({ phase, what, answer, outcome, mode })),
  ),
);

describe('a guardrail', () => {
  it.each(TABLE)('that $what for a $phase, with a gateway that fails $mode', async (row) => {
    const { phase, answer, outcome, mode } = row;
    const { gateway } = subject(mode);
    const labels = { phase, outcome };
    const before = await metric(gateway.url, 'gateway_guardrail_checks_total', labels);
    stub.answer = once(phase, answer);
    const response = await ask(phase, mode);
    const body = await response.text();
    const isFailure = !['allowed', 'blocked'].includes(outcome);
    if (outcome === 'blocked') {
      expect({ status: response.status, body }).toMatchObject({
        status: 422,
        body: expect.stringContaining('CONTENT_BLOCKED'),
      });
    } else if (isFailure && mode === 'closed') {
      expect({ status: response.status, body }).toMatchObject({
        status: 503,
        body: expect.stringContaining('UPSTREAM_UNAVAILABLE'),
      });
      expect(response.headers.get(RETRY_AFTER)).toBe('5');
    } else {
      expect(response.status).toBe(200);
      expect(body).toContain('this is the whole answer');
    }
    const after = await metric(gateway.url, 'gateway_guardrail_checks_total', labels);
    expect((after ?? 0) - (before ?? 0)).toBeGreaterThanOrEqual(1);
    const line = await lineOf(gateway, response);
    expect(line).toMatchObject({
      guardrail_decision: outcome,
      ...(outcome === 'allowed' ? {} : { guardrail_phase: phase }),
    });
    expect(line['guardrail_ms']).toBeGreaterThan(0);
    // The answer of an allowed query holds its text; nothing else does.
    if (response.status !== 200) expect(body).not.toContain(SECRET);
    expect(JSON.stringify(gateway.lines)).not.toContain(SECRET);
    if (phase === 'request' && response.status !== 200) expect(aiCalls()).toEqual([]);
  });

  it.each(PHASES)('whose circuit is open is not asked for a %s', async (phase) => {
    for (const mode of ['open', 'closed'] as const) {
      const { gateway } = subject(mode);
      const { breakers } = gateway.gateway.app.get(Protection);
      if (phase === 'request') breakers.open('guardrail');
      stub.answer = (check) => {
        // The circuit opens when the check before the one that counts is answered.
        if (check.phase === 'request') breakers.open('guardrail');
        return ALLOW(check);
      };
      const before = await metric(gateway.url, 'gateway_guardrail_checks_total', { phase, outcome: 'skipped' });
      const response = await ask(phase, mode);
      await response.text();
      breakers.reset('guardrail');
      expect(response.status).toBe(mode === 'open' ? 200 : 503);
      expect(await lineOf(gateway, response)).toMatchObject({
        guardrail_phase: phase,
        guardrail_decision: 'skipped',
        guardrail_reason: 'CIRCUIT_OPEN',
      });
      const after = await metric(gateway.url, 'gateway_guardrail_checks_total', { phase, outcome: 'skipped' });
      expect(after).toBeGreaterThan(before ?? 0);
    }
  });

  it('is told which RPC it is, of whom, and the messages', async () => {
    const response = await ask('response', 'closed');
    await response.text();
    const [request, answered] = stub.checks;
    expect(request).toMatchObject({
      phase: 'request',
      method: '/ai.v1.AIService/ProcessQuery',
      types: ['type.googleapis.com/ai.v1.ProcessQueryRequest'],
      texts: [expect.stringContaining(SECRET)],
      metadata: { 'x-gateway-tenant': 'acme', 'x-request-id': response.headers.get('x-request-id') },
    });
    expect(answered).toMatchObject({
      phase: 'response',
      types: ['type.googleapis.com/ai.v1.ProcessQueryResponse'],
      metadata: { 'x-request-id': response.headers.get('x-request-id') },
    });
  });

  it('is not asked about an RPC whose policy does not say so', async () => {
    expect((await subject('closed').alice.get('/api/v1/users/acme-alice')).status).toBe(200);
    expect(stub.checks).toEqual([]);
  });

  it('that fails after the AI has answered leaves a keyed request done', async () => {
    const { alice } = subject('closed');
    const ask = () => alice.send('POST', '/api/v1/ai', { query: 'hello' }, { 'idempotency-key': 'after-the-answer' });
    stub.answer = once('response', refuse(13));
    expect((await ask()).status).toBe(503);
    const again = await ask();
    expect({ status: again.status, replayed: again.headers.get('idempotency-replayed') }).toEqual({
      status: 503,
      replayed: 'true',
    });
    expect(aiCalls()).toHaveLength(1);
  });

  it('that fails before the AI is asked leaves a keyed request to be sent again', async () => {
    const { alice } = subject('closed');
    const ask = () => alice.send('POST', '/api/v1/ai', { query: 'hello' }, { 'idempotency-key': 'before-the-call' });
    stub.answer = once('request', refuse(13));
    expect((await ask()).status).toBe(503);
    expect((await ask()).status).toBe(200);
    expect(aiCalls()).toHaveLength(1);
  });

  it('that uses up the time of a client is not counted for that', async () => {
    const { gateway, alice } = subject('closed');
    const before = await failures(gateway);
    stub.answer = HANG;
    const response = await alice.send('POST', '/api/v1/ai', { query: 'hello' }, { 'x-request-timeout': '200ms' });
    expect(response.status).toBe(504);
    expect(await failures(gateway)).toBe(before);
  });

  it('logs the AI as the upstream of the request, and the category of a block', async () => {
    const { gateway } = subject('closed');
    stub.answer = once('response', () => verdict({ decision: Decision.BLOCK, reason: 'pii' }));
    expect(await lineOf(gateway, await ask('response', 'closed'))).toMatchObject({
      upstream: 'ai',
      grpc_code: 'OK',
      error_code: 'CONTENT_BLOCKED',
      guardrail_reason: 'pii',
    });
  });
});

async function failures({ url }: TestGateway): Promise<number> {
  const scrape = await Scrape.of(url);
  const count = (outcome: GuardrailOutcome) => scrape.sum(`gateway_guardrail_checks_total{outcome="${outcome}"}`);
  return count('timeout') + count('error') + count('skipped');
}

function aiCalls() {
  return sandbox.calls.list().filter(({ upstream, method }) => upstream === 'ai' && method.includes('AIService'));
}
