import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ServiceDefinition } from '@grpc/proto-loader';
import { service as healthService } from 'grpc-health-check';
import { BackendClient } from '../backend/client.js';
import { failureOf } from '../backend/rpc-failure.js';
import { startSandbox, type SandboxEnvironment } from '../environment.js';
import { FaultProxy } from './fault-proxy.js';

describe('a backend behind its fault switch', () => {
  let sandbox: SandboxEnvironment;
  let client: BackendClient;
  let random = 0;

  beforeAll(async () => {
    sandbox = await startSandbox({ faultServer: false, random: () => random });
  });
  beforeEach(async () => {
    client = BackendClient.of('user', sandbox.userUrl);
    await getAlice();
    sandbox.calls.clear();
  });
  afterEach(async () => {
    client.close();
    await sandbox.setFault('user', { mode: 'none' });
  });
  afterAll(() => sandbox.close());

  const getAlice = (deadlineMs = 5_000) =>
    client.unary('GetUser', { tenantId: 'acme', userId: 'acme-alice' }, { deadlineMs });

  it('down: refuses connections, on the port it keeps', async () => {
    client.close();
    await sandbox.setFault('user', { mode: 'down' });
    client = BackendClient.of('user', sandbox.userUrl);
    const failure = await failureOf(getAlice());
    expect(failure).toMatchObject({ code: 'UNAVAILABLE', details: expect.stringContaining('ECONNREFUSED') as string });
    await sandbox.setFault('user', { mode: 'none' });
    client.close();
    client = BackendClient.of('user', sandbox.userUrl);
    await expect(getAlice()).resolves.toMatchObject({ id: 'acme-alice' });
  });

  it('fail: ends the calls of a method with a code, and neither those of others nor health checks', async () => {
    const health = new BackendClient(sandbox.userUrl, healthService as unknown as ServiceDefinition);
    await sandbox.setFault('user', { mode: 'fail', code: 'INTERNAL', ratio: 1, method: 'GetUser' });
    expect(await failureOf(getAlice())).toMatchObject({ code: 'INTERNAL' });
    await expect(client.unary('ListUsers', { tenantId: 'acme' })).resolves.toBeDefined();
    await sandbox.setFault('user', { mode: 'fail', code: 'UNAVAILABLE', ratio: 1 });
    expect(await failureOf(client.unary('ListUsers', { tenantId: 'acme' }))).toMatchObject({ code: 'UNAVAILABLE' });
    await expect(health.unary('Check', { service: '' })).resolves.toEqual({ status: 'SERVING' });
    expect(sandbox.calls.list().map(({ outcome }) => outcome)).toEqual(['INTERNAL', 'OK', 'UNAVAILABLE', 'OK']);
    await sandbox.setFault('user', { mode: 'none' });
    await expect(getAlice()).resolves.toMatchObject({ id: 'acme-alice' });
    health.close();
  });

  it('fail: has the dice decide when its ratio is less than 1', async () => {
    await sandbox.setFault('user', { mode: 'fail', code: 'INTERNAL', ratio: 0.5 });
    random = 0.6;
    await expect(getAlice()).resolves.toMatchObject({ id: 'acme-alice' });
    random = 0.4;
    expect(await failureOf(getAlice())).toMatchObject({ code: 'INTERNAL' });
    random = 0;
  });

  it('down: cuts a call that is running, and the backend sees it go', async () => {
    const ai = BackendClient.of('ai', sandbox.aiUrl);
    const call = ai.unary('ProcessQuery', { query: 'slow 60000ms' });
    await sandbox.calls.waitFor(({ upstream }) => upstream === 'ai');
    await sandbox.setFault('ai', { mode: 'down' });
    expect(await failureOf(call)).toMatchObject({ code: 'UNAVAILABLE' });
    await sandbox.calls.waitFor(({ cancelled }) => cancelled);
    ai.close();
  });

  it('slow: takes the latency each way, so a deadline of less than twice as much passes', async () => {
    await sandbox.setFault('user', { mode: 'slow', latencyMs: 300 });
    expect(await failureOf(getAlice(500))).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(sandbox.calls.list()).toHaveLength(1);
    await sandbox.setFault('user', { mode: 'slow', latencyMs: 10 });
    await expect(getAlice()).resolves.toMatchObject({ id: 'acme-alice' });
  });

  it('hang: forwards nothing, neither on open connections nor on new ones, until it ends', async () => {
    await sandbox.setFault('user', { mode: 'hang' });
    expect(await failureOf(getAlice(100))).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(sandbox.calls.list()).toEqual([]);
    const fresh = BackendClient.of('user', sandbox.userUrl);
    const call = fresh.unary('GetUser', { tenantId: 'acme', userId: 'acme-bob' });
    await sandbox.setFault('user', { mode: 'none' });
    await expect(call).resolves.toMatchObject({ id: 'acme-bob' });
    fresh.close();
  });

  it('flaky: resets when the die falls below the ratio, and only then', async () => {
    await sandbox.setFault('user', { mode: 'flaky', ratio: 0.5 });
    random = 0.5;
    await expect(getAlice()).resolves.toMatchObject({ id: 'acme-alice' });
    random = 0.49;
    expect(await failureOf(getAlice())).toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('garbage: answers what is no HTTP/2', async () => {
    await sandbox.setFault('user', { mode: 'garbage' });
    const failure = await failureOf(getAlice());
    expect(failure.code).toMatch(/^(UNAVAILABLE|INTERNAL|UNKNOWN)$/);
    expect(sandbox.calls.list().map(({ upstream }) => upstream)).toEqual(['user']);
  });

  it('has a neighbour that notices nothing', async () => {
    await sandbox.setFault('user', { mode: 'down' });
    const tenants = BackendClient.of('tenant', sandbox.tenantUrl);
    await expect(tenants.unary('GetTenant', { tenantId: 'acme' })).resolves.toMatchObject({ id: 'acme' });
    tenants.close();
  });

  it('is as well the HTTP server of the keys', async () => {
    await sandbox.setFault('jwks', { mode: 'down' });
    await expect(fetch(sandbox.jwksUrl)).rejects.toThrow('fetch failed');
    await sandbox.setFault('jwks', { mode: 'none' });
    expect((await fetch(sandbox.jwksUrl)).status).toBe(200);
  });

  it('skew: shifts the clock of the server of the keys', async () => {
    const aheadMs = async () => Date.parse((await fetch(sandbox.jwksUrl)).headers.get('date') ?? '') - Date.now();
    await sandbox.setFault('jwks', { mode: 'skew', skewMs: 3_600_000 });
    expect(await aheadMs()).toBeGreaterThan(1_800_000);
    await sandbox.setFault('jwks', { mode: 'none' });
    expect(await aheadMs()).toBeLessThan(1_800_000);
  });
});

describe('a fault proxy', () => {
  const echo = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
  let proxy: FaultProxy;
  let targetPort: number;

  beforeAll(async () => {
    await once(echo.listen(0, '127.0.0.1'), 'listening');
    targetPort = (echo.address() as AddressInfo).port;
  });
  beforeEach(async () => {
    proxy = await FaultProxy.start({ host: '127.0.0.1', port: 0, targetPort });
  });
  afterEach(() => proxy.close());
  afterAll(() => echo.close());

  const open = async (): Promise<Socket> => {
    const socket = connect({ host: '127.0.0.1', port: proxy.port, allowHalfOpen: true });
    await once(socket, 'connect');
    return socket;
  };
  const readAll = async (socket: Socket): Promise<Buffer> => {
    const chunks: Buffer[] = [];
    for await (const chunk of socket as AsyncIterable<Buffer>) chunks.push(chunk);
    return Buffer.concat(chunks);
  };

  it('takes its port back as soon as it is free, when another has taken it meanwhile', async () => {
    await proxy.set({ mode: 'down' });
    const other = createServer();
    await once(other.listen(proxy.port, '127.0.0.1'), 'listening');
    const { port } = proxy;
    const back = proxy.set({ mode: 'none' });
    other.close();
    await back;
    expect(proxy.port).toBe(port);
    (await open()).destroy();
  });

  it.each(['none', 'slow'] as const)(
    'in mode %s carries every byte in order, and the end of each side',
    async (mode) => {
      await proxy.set({ mode, latencyMs: 5 });
      const sent = Buffer.from(Array.from({ length: 2_000_000 }, (_, index) => index % 251));
      const socket = await open();
      socket.end(sent);
      expect((await readAll(socket)).equals(sent)).toBe(true);
    },
  );

  it('goes on where it was after it hung', async () => {
    const socket = await open();
    await proxy.set({ mode: 'hang' });
    socket.end('held');
    await proxy.set({ mode: 'none' });
    expect(String(await readAll(socket))).toBe('held');
  });

  it('answers garbage in place of what was answered', async () => {
    await proxy.set({ mode: 'garbage' });
    const socket = await open();
    socket.end('PRI * HTTP/2.0');
    expect(String(await readAll(socket))).toContain('this is not the protocol you expect');
  });

  it('applies the last of several faults that are set at once', async () => {
    const modes = ['down', 'none', 'down', 'slow'] as const;
    await Promise.all(modes.map((mode) => proxy.set({ mode, latencyMs: 1 })));
    expect(proxy.fault.mode).toBe('slow');
    const socket = await open();
    socket.end('here');
    expect(String(await readAll(socket))).toBe('here');
  });

  it('says so when its port is taken', async () => {
    const second = FaultProxy.start({ host: '127.0.0.1', port: proxy.port, targetPort });
    await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
