import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ProcessQueryResponse, StreamQueryResponse } from '../../src/gen/ai/v1/ai_pb.js';
import { BackendClient, type ClientCallOptions } from '../backend/client.js';
import { failureOf } from '../backend/rpc-failure.js';
import type { Wire } from '../backend/wire.js';
import { startSandbox, type SandboxEnvironment } from '../environment.js';

type Event = Wire<StreamQueryResponse>;

let sandbox: SandboxEnvironment;
let client: BackendClient;

beforeAll(async () => {
  sandbox = await startSandbox({ faultServer: false });
  client = BackendClient.of('ai', sandbox.aiUrl);
});
beforeEach(() => sandbox.calls.clear());
afterAll(async () => {
  client.close();
  await sandbox.close();
});

describe('a query', () => {
  const alice: ClientCallOptions = { metadata: { 'x-gateway-subject': 'acme-alice' } };
  const bob: ClientCallOptions = { metadata: { 'x-gateway-subject': 'acme-bob' } };
  const ask = (request: object, options = alice) =>
    client.unary<ProcessQueryResponse>('ProcessQuery', request, options);
  const plan = async () => {
    const { sessionId, plan: made } = await ask({ query: 'delete the user bob' });
    return { sessionId, planId: made?.planId ?? '' };
  };
  const confirm = (planId: string, sessionId: string, confirmed = true) =>
    ask({ sessionId, confirmation: { planId, confirmed } });

  it('that only asks is answered, the same way each time', async () => {
    const { answer, plan: none } = await ask({ query: 'How many users?' });
    expect(answer?.response).toContain('How many users?');
    expect(none).toBeUndefined();
    expect((await ask({ query: 'How many users?' })).answer).toEqual(answer);
  });

  it.each(['delete the user bob', 'Change my plan', 'why? '.repeat(50)])('like "%s" needs a plan', async (query) => {
    const { plan: made, sessionId } = await ask({ query });
    expect(made?.planId).toMatch(/^plan-/);
    expect(sessionId).toMatch(/^session-/);
  });

  it('is carried out when its plan is confirmed, once', async () => {
    const { planId, sessionId } = await plan();
    expect((await confirm(planId, sessionId)).answer?.response).toMatch(/^Done\..*delete the user bob/);
    expect(await failureOf(confirm(planId, sessionId))).toMatchObject({ code: 'FAILED_PRECONDITION' });
  });

  it('is dropped when its plan is refused', async () => {
    const { planId, sessionId } = await plan();
    expect((await confirm(planId, sessionId, false)).answer?.response).toBe('Nothing was done.');
  });

  it('cannot be confirmed by another session or another user, nor without a plan', async () => {
    const { planId, sessionId } = await plan();
    const byBob = ask({ sessionId, confirmation: { planId, confirmed: true } }, bob);
    expect(await failureOf(byBob)).toMatchObject({ code: 'NOT_FOUND' });
    expect(await failureOf(confirm(planId, 'session-other'))).toMatchObject({ code: 'FAILED_PRECONDITION' });
    expect(await failureOf(confirm('plan-none', sessionId))).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('that is empty is refused', async () => {
    expect(await failureOf(ask({ query: '' }))).toMatchObject({ code: 'INVALID_ARGUMENT', fields: ['query'] });
  });

  it('fails when it asks for it', async () => {
    expect(await failureOf(ask({ query: 'fail first with INTERNAL' }))).toMatchObject({ code: 'INTERNAL' });
  });
});

describe('a streamed answer', () => {
  const stream = (query: string) => client.stream('StreamQuery', { query });

  const collect = async (query: string) => {
    const events: Event[] = [];
    try {
      for await (const event of stream(query) as AsyncIterable<Event>) events.push(event);
      return { events, code: status.OK };
    } catch (error) {
      return { events, code: (error as { code: status }).code };
    }
  };
  const tokensOf = (events: Event[]) => events.flatMap(({ token }) => token ?? []);

  it('comes in tokens that make up the whole answer at its end', async () => {
    const { events } = await collect('What is new?');
    const tokens = tokensOf(events);
    expect(tokens.length).toBeGreaterThan(5);
    expect(events.at(-1)?.answer?.response).toBe(tokens.join(''));
    expect(new Set(events.map(({ sessionId }) => sessionId)).size).toBe(1);
  });

  it('has as many tokens of the size that the query asks for', async () => {
    const tokens = tokensOf((await collect('stream 50 tokens of 100 bytes, slow 0ms')).events);
    expect(tokens.map(({ length }) => length)).toEqual(Array.from({ length: 50 }, () => 100));
  });

  it.each([
    ['fail first', 0, status.UNAVAILABLE],
    ['fail after 3', 3, status.UNAVAILABLE],
    ['stream 2 tokens, fail after 2 with RESOURCE_EXHAUSTED', 2, status.RESOURCE_EXHAUSTED],
  ])('of "%s" ends with an error after %i tokens', async (query, count, code) => {
    const { events, code: actual } = await collect(query);
    expect({ tokens: tokensOf(events).length, answers: events.length - count, code: actual }).toEqual({
      tokens: count,
      answers: 0,
      code,
    });
  });

  it('of nothing is refused', async () => {
    expect(await collect('')).toEqual({ events: [], code: status.INVALID_ARGUMENT });
  });

  it('stops when its reader cancels', async () => {
    const call = stream('stream 100000 tokens, slow 1ms');
    call.on('error', () => undefined);
    await new Promise((resolve) => call.once('data', resolve));
    call.cancel();
    const { messages, outcome } = await sandbox.calls.waitFor(({ cancelled }) => cancelled);
    expect(outcome).toBe('CANCELLED');
    await collect('one more, so that the first had the time to go on');
    expect(sandbox.calls.list()[0]?.messages).toBe(messages);
  });

  it('waits for a reader that is behind', async () => {
    const call = stream('stream 10000 tokens of 65536 bytes, slow 0ms');
    call.on('error', () => undefined);
    const entry = await sandbox.calls.waitFor(({ messages }) => messages > 10);
    await collect('stream 500 tokens, slow 0ms');
    expect(entry.messages).toBeLessThan(1_000);
    expect(entry.outcome).toBeNull();
    call.cancel();
    await sandbox.calls.waitFor(({ cancelled }) => cancelled);
  });
});
