import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Tracing } from '../../src/observe/tracing/tracing.js';
import { Client } from '../support/client.js';
import { lineOf, startTestGateway, type TestGateway } from '../support/gateway.js';
import { OtlpReceiver, type ReceivedSpan } from '../support/otlp-receiver.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const CLIENT_SPAN = '00f067aa0ba902b7';

let receiver: OtlpReceiver;
let gateway: TestGateway;
let alice: Client;

beforeAll(async () => {
  receiver = await OtlpReceiver.start();
  gateway = await startTestGateway({
    env: {
      ENABLE_TRACING: 'true',
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-collector-token=s3cret',
      OTEL_RESOURCE_ATTRIBUTES: 'team=edge',
      OTEL_BSP_SCHEDULE_DELAY: '20',
      GATEWAY_TRUSTED_PROXIES: '127.0.0.1/32',
      GATEWAY_TRACE_SLOW: '10m',
    },
  });
  alice = await Client.of(gateway, 'alice@acme.test');
});
afterAll(async () => {
  await gateway.close();
  await receiver.close();
});

const STEPS = ['authentication', 'tenant', 'authorization', 'rate_limit', 'circuit_breaker'];
const sampled = (traceId = TRACE) => ({ traceparent: `00-${traceId}-${CLIENT_SPAN}-01` });
const traceOf = (response: Response) => response.headers.get('x-trace-id') ?? '';
const named = (spans: readonly ReceivedSpan[], name: string) => spans.find((span) => span.name === name);
const serverOf = (spans: readonly ReceivedSpan[]) => spans.find(({ kind }) => kind === 'SERVER');

describe('one trace goes from the client through the gateway to the backend', () => {
  let spans: ReceivedSpan[];
  let response: Response;

  beforeAll(async () => {
    await alice.get('/api/v1/users/acme-alice');
    gateway.sandbox.calls.clear();
    response = await alice.get('/api/v1/users/acme-alice', sampled());
    spans = await receiver.trace(TRACE);
  });

  it('with a server span below that of the client', () => {
    const server = serverOf(spans);
    expect(server).toMatchObject({ name: 'GET /api/v1/users/{user_id}', parentSpanId: CLIENT_SPAN, status: 'UNSET' });
    expect(server?.attributes).toMatchObject({
      'http.request.method': 'GET',
      'http.route': '/api/v1/users/{user_id}',
      'http.response.status_code': 200,
      'url.path': '/api/v1/users/acme-alice',
      'url.scheme': 'http',
      'server.address': '127.0.0.1',
      'client.address': '127.0.0.1',
      'network.protocol.version': '1.1',
      'auth.tenant_id': 'acme',
      'auth.endpoint_type': 'ACCESS_CONTROLLED',
      'auth.outcome': 'allow',
      'auth.decision_reason': 'ACCESS_LEVEL_MATCH',
      'gateway.request_id': response.headers.get('x-request-id'),
    });
    expect(server?.events).toEqual(['route.cache.hit', 'jwt.cache.hit', 'bitmap.match']);
    expect(server?.resource).toMatchObject({ 'service.name': 'api-gateway', team: 'edge' });
  });

  it.each(STEPS)('with a span for %s', (name) => {
    expect(named(spans, name)).toMatchObject({
      kind: 'INTERNAL',
      status: 'UNSET',
      parentSpanId: serverOf(spans)?.spanId,
    });
  });

  it('with a client span per attempt, which is the parent that the backend is told', () => {
    const attempt = named(spans, 'user.v1.UserService/GetUser');
    expect(attempt).toMatchObject({ kind: 'CLIENT', parentSpanId: serverOf(spans)?.spanId, status: 'UNSET' });
    expect(attempt?.attributes).toMatchObject({
      'rpc.system.name': 'grpc',
      'rpc.method': 'user.v1.UserService/GetUser',
      'rpc.response.status_code': 'OK',
      'server.address': '127.0.0.1',
      'server.port': Number(gateway.sandbox.userUrl.split(':')[1]),
    });
    const [call] = gateway.sandbox.calls.list();
    expect(call?.metadata['traceparent']).toEqual([`00-${TRACE}-${attempt?.spanId}-01`]);
  });

  it('whose spans lie within each other in time', () => {
    const server = serverOf(spans);
    for (const span of spans) {
      expect(span.start).toBeGreaterThanOrEqual(server?.start ?? 0n);
      expect(span.end).toBeGreaterThanOrEqual(span.start);
      expect(span.end).toBeLessThanOrEqual(server?.end ?? 0n);
    }
    expect(Math.abs(Number(server?.start) / 1e6 - Date.now())).toBeLessThan(600_000);
  });

  it('and whose ids are those of the response and of the log line', async () => {
    const server = serverOf(spans);
    expect(response.headers.get('traceparent')).toBe(`00-${TRACE}-${server?.spanId}-01`);
    expect(await lineOf(gateway, response)).toMatchObject({
      trace_id: TRACE,
      span_id: server?.spanId,
      trace_sampled: true,
    });
  });

  it('and are exported as the settings say', () => {
    expect(receiver.headers).toMatchObject({ 'x-collector-token': 's3cret', 'content-type': 'application/x-protobuf' });
    expect(receiver.path).toBe('/v1/traces');
  });
});

it('neither a token nor the values of a query become part of a span', async () => {
  const traceId = 'd'.repeat(32);
  const path = '/api/v1/users/acme-alice?code=s3cret';
  const response = await alice.get(path, { ...sampled(traceId), cookie: 'c=s3cret', 'x-api-key': 's3cret' });
  expect(response.status).toBe(401);
  const denied = await receiver.trace(traceId);
  const malformed = await receiver.trace(traceOf(await alice.get(path, sampled('e'.repeat(32)))));
  const text = JSON.stringify([...denied, ...malformed], (_, each: unknown) => (typeof each === 'bigint' ? '' : each));
  expect(text).toContain('/api/v1/users/acme-alice');
  expect(text).not.toContain('s3cret');
  expect(text).not.toContain(alice.token.slice(-40));
});

it('a route that is written by hand has the same spans, and an attempt for each of its calls', async () => {
  const traceId = '9'.repeat(32);
  expect((await alice.get('/api/v1/me', sampled(traceId))).status).toBe(200);
  const spans = await receiver.trace(traceId);
  expect(spans.map(({ name }) => name)).toEqual(expect.arrayContaining(['GET /api/v1/me', ...STEPS.slice(0, 4)]));
  const attempts = spans.filter(({ kind }) => kind === 'CLIENT');
  expect(attempts.length).toBeGreaterThan(1);
  for (const attempt of attempts) expect(attempt.parentSpanId).toBe(serverOf(spans)?.spanId);
});

it('a call that was made to decide is part of the trace', async () => {
  const traceId = 'b'.repeat(32);
  const carol = await Client.of(gateway, 'carol@globex.test');
  await carol.get('/api/v1/users', sampled(traceId));
  const spans = await receiver.trace(traceId);
  const attempt = named(spans, 'tenant.v1.TenantService/GetEntitlements');
  expect(attempt).toMatchObject({ kind: 'CLIENT', status: 'UNSET', parentSpanId: named(spans, 'tenant')?.spanId });
});

describe('a request is kept without being sampled', () => {
  it('when it is refused for want of a credential', async () => {
    const response = await fetch(`${gateway.url}/api/v1/users`);
    const spans = await receiver.trace(traceOf(response));
    expect(serverOf(spans)?.attributes).toMatchObject({
      'http.response.status_code': 401,
      'auth.outcome': 'deny',
      'auth.decision_reason': 'NO_CREDENTIALS',
    });
    expect(serverOf(spans)?.status).toBe('UNSET');
    expect(named(spans, 'authentication')?.status).toBe('ERROR');
    expect(named(spans, 'tenant')).toBeUndefined();
    expect(response.headers.get('traceparent')).toMatch(/-00$/);
    expect((await lineOf(gateway, response)).trace_sampled).toBe(true);
  });

  it('when it fails with 5xx, with an attempt per try', async () => {
    await gateway.sandbox.setFault('user', { mode: 'down' });
    const response = await alice.get('/api/v1/users/acme-alice');
    await gateway.sandbox.setFault('user', { mode: 'none' });
    await expect.poll(async () => (await alice.get('/api/v1/users/acme-alice')).status).toBe(200);
    expect(response.status).toBe(503);
    const spans = await receiver.trace(traceOf(response));
    expect(serverOf(spans)).toMatchObject({ status: 'ERROR' });
    expect(serverOf(spans)?.attributes['error.type']).toBe('UPSTREAM_UNAVAILABLE');
    const attempts = spans.filter(({ kind }) => kind === 'CLIENT');
    expect(attempts.length).toBeGreaterThan(1);
    for (const attempt of attempts) {
      expect(attempt).toMatchObject({ name: 'user.v1.UserService/GetUser', status: 'ERROR' });
      expect(attempt.attributes['rpc.response.status_code']).toBe('UNAVAILABLE');
    }
    expect(new Set(attempts.map(({ spanId }) => spanId)).size).toBe(attempts.length);
  });

  it('and forgotten when it succeeds', async () => {
    const response = await alice.get('/api/v1/users/acme-alice', {
      traceparent: `00-${'a'.repeat(32)}-${CLIENT_SPAN}-00`,
    });
    expect((await lineOf(gateway, response)).trace_sampled).toBe(false);
    const marker = await fetch(`${gateway.url}/api/v1/users`);
    await receiver.trace(traceOf(marker));
    expect(receiver.spans.some(({ traceId }) => traceId === 'a'.repeat(32))).toBe(false);
  });
});

it('of 1,000 requests with 10 refusals, all refusals and one in a hundred of the others are kept', async () => {
  const { ids } = gateway.gateway.app.get(Tracing);
  let traces = 0;
  const draw = vi.spyOn(ids, 'draw').mockImplementation((bytes) => {
    if (bytes === 8)
      return Math.floor(Math.random() * 2 ** 48)
        .toString(16)
        .padStart(16, '1');
    traces += 1;
    // Evenly spread, as random ids are: each hundredth part of what 56 bits can hold comes ten times.
    const digits = ((BigInt(traces) * 2n ** 56n) / 1001n).toString(16).padStart(14, '0');
    return `beef${'0'.repeat(14)}${digits}`;
  });
  try {
    for (let batch = 0; batch < 10; batch++) {
      const refused = fetch(`${gateway.url}/api/v1/users`);
      const others = Array.from({ length: 99 }, () => alice.get('/api/v1/users/acme-alice'));
      const statuses = (await Promise.all([refused, ...others])).map(({ status }) => status);
      expect(statuses.filter((status) => status === 200)).toHaveLength(99);
    }
    const kept = () =>
      receiver.spans.filter(({ kind, traceId }) => kind === 'SERVER' && traceId.startsWith('beef')).length;
    await expect.poll(kept).toBeGreaterThanOrEqual(19);
    const spans = receiver.spans.filter(({ kind, traceId }) => kind === 'SERVER' && traceId.startsWith('beef'));
    const denied = spans.filter(({ attributes }) => attributes['auth.outcome'] === 'deny');
    expect(denied).toHaveLength(10);
    // Of the ten that are sampled one or the other may be a refusal as well.
    expect(spans.length - denied.length).toBeGreaterThanOrEqual(8);
    expect(spans.length - denied.length).toBeLessThanOrEqual(10);
  } finally {
    draw.mockRestore();
  }
});
