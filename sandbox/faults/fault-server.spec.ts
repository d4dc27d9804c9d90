import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BackendClient } from '../backend/client.js';
import { failureOf } from '../backend/rpc-failure.js';
import { startSandbox, type SandboxEnvironment } from '../environment.js';

let sandbox: SandboxEnvironment;

beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());

async function send(method: string, path: string, body?: string) {
  const response = await fetch(sandbox.faultsUrl + path, { method, ...(body === undefined ? {} : { body }) });
  const text = await response.text();
  return { status: response.status, allow: response.headers.get('allow'), body: text && (JSON.parse(text) as unknown) };
}

describe('a fault switch', () => {
  it('answers with the new state once it holds', async () => {
    const answer = await send('PUT', '/faults/user', '{"mode":"down"}');
    expect(answer).toMatchObject({ status: 200, body: { mode: 'down', latencyMs: 2000, ratio: 0.3 } });
    const client = BackendClient.of('user', sandbox.userUrl);
    expect(await failureOf(client.unary('GetUser', {}))).toMatchObject({ code: 'UNAVAILABLE' });
    client.close();
    expect(await send('PUT', '/faults/user', '{"mode":"none"}')).toMatchObject({ status: 200 });
  });

  it('shows in the list of all of them', async () => {
    await send('PUT', '/faults/ai', '{"mode":"slow","latencyMs":7}');
    const { body } = await send('GET', '/faults');
    expect(Object.keys(body as object).toSorted()).toEqual(['ai', 'auth', 'idp', 'jwks', 'tenant', 'user']);
    expect(body).toMatchObject({ ai: { mode: 'slow', latencyMs: 7 }, auth: { mode: 'none' } });
  });

  it.each([
    ['', /Invalid input/],
    ['{"mode":"none"', /Invalid input/],
    ['{}', /mode/],
    ['{"mode":"broken"}', /"down"/],
    ['{"mode":"slow","latencyMs":"2s"}', /latencyMs/],
    ['{"mode":"slow","latencyMs":60001}', /latencyMs/],
    ['{"mode":"flaky","ratio":2}', /ratio/],
    ['{"mode":"slow","latency":5}', /latency/],
    ['{"mode":"fail","code":"OK"}', /code/],
    ['{"mode":"skew"}', /fault of jwks only/],
    ['{"mode":"block"}', /fault of guardrail only/],
  ])('refuses %s and says why', async (body, reason) => {
    const answer = await send('PUT', '/faults/user', body);
    expect(answer).toMatchObject({ status: 400, body: { error: expect.stringMatching(reason) as string } });
  });

  it.each([
    ['PUT', '/faults/redis', 404, /known: jwks, auth, user, tenant, ai/],
    ['GET', '/nothing', 404, /GET \/calls/],
    ['GET', '/faults/user/more', 404, /GET \/faults/],
  ])('%s %s answers %i', async (method, path, status, reason) => {
    const body = method === 'PUT' ? '{"mode":"none"}' : undefined;
    const answer = await send(method, path, body);
    expect(answer).toMatchObject({ status, body: { error: expect.stringMatching(reason) as string } });
  });

  it.each([
    ['POST', '/faults', 'GET'],
    ['GET', '/faults/user', 'PUT'],
    ['PUT', '/calls', 'GET, DELETE'],
  ])('%s %s is a 405 that allows %s', async (method, path, allow) => {
    expect(await send(method, path)).toMatchObject({ status: 405, allow });
  });

  it('refuses a body that is too long', async () => {
    const answer = await send('PUT', '/faults/user', JSON.stringify({ mode: 'none', more: 'x'.repeat(2_000) }));
    expect(answer.status).toBe(413);
  });
});

it('lists the calls that the backends saw, and forgets them on request', async () => {
  const client = BackendClient.of('tenant', sandbox.tenantUrl);
  await client.unary('GetTenant', { tenantId: 'acme' }, { metadata: { 'x-request-id': 'r-1' } });
  client.close();
  const call = { upstream: 'tenant', method: '/tenant.v1.TenantService/GetTenant', outcome: 'OK', cancelled: false };
  expect((await send('GET', '/calls')).body).toMatchObject({
    calls: expect.arrayContaining([
      expect.objectContaining({ ...call, metadata: expect.objectContaining({ 'x-request-id': ['r-1'] }) as object }),
    ]) as object[],
  });
  expect(await send('DELETE', '/calls')).toMatchObject({ status: 204 });
  expect((await send('GET', '/calls')).body).toEqual({ calls: [] });
});
