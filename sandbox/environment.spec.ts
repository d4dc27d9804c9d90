import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client, credentials, status } from '@grpc/grpc-js';
import { createFileRegistry, fromBinary } from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader';
import { service as healthService } from 'grpc-health-check';
import { afterEach, describe, expect, it } from 'vitest';
import { BackendClient } from './backend/client.js';
import { startSandbox, type SandboxEnvironment, type SandboxOptions } from './environment.js';
import { untilPasses } from '../test/support/until.js';

const worlds: SandboxEnvironment[] = [];

async function start(options: SandboxOptions = { faultServer: false }): Promise<SandboxEnvironment> {
  const sandbox = await startSandbox(options);
  worlds.push(sandbox);
  return sandbox;
}

afterEach(async () => {
  for (const sandbox of worlds.splice(0)) await sandbox.close();
});

/** Closes a sandbox with calls, waiters and faults in it; the process ends by itself only when nothing is left open. */
const LIFE_OF_A_SANDBOX = `
  import { BackendClient } from '${new URL('backend/client.ts', import.meta.url).href}';
  import { startSandbox } from '${new URL('environment.ts', import.meta.url).href}';
  const sandbox = await startSandbox();
  const client = BackendClient.of('ai', sandbox.aiUrl);
  const call = client.unary('ProcessQuery', { query: 'slow 60000ms' }).catch((error) => console.log(error.code));
  await sandbox.calls.waitFor(({ method }) => method.endsWith('ProcessQuery'));
  sandbox.calls.waitFor(() => false, 60_000).catch((error) => console.log(error.message.split(';')[0]));
  await sandbox.setFault('user', { mode: 'hang' });
  await sandbox.setFault('auth', { mode: 'down' });
  await sandbox.close();
  await sandbox.close();
  await call;
  client.close();
`;

describe('a sandbox', { timeout: 30_000 }, () => {
  it('leaves nothing open after close', async () => {
    const node = ['--import', '@oxc-node/core/register', '--input-type=module', '--eval', LIFE_OF_A_SANDBOX];
    const { stdout } = await promisify(execFile)(process.execPath, node, { timeout: 15_000 });
    expect(stdout.split('\n').toSorted().join(' ').trim()).toBe(`${status.UNAVAILABLE} the sandbox was closed`);
  });

  it('shares nothing with another one in the same process', async () => {
    const [one, other] = [await start(), await start()];
    one.directory.removeTenant('acme');
    const client = BackendClient.of('tenant', other.tenantUrl);
    await expect(client.unary('GetTenant', { tenantId: 'acme' })).resolves.toMatchObject({ id: 'acme' });
    client.close();
    expect(one.calls.list()).toEqual([]);
    expect(other.calls.list()).toHaveLength(1);
    expect(one.issuer).not.toBe(other.issuer);
  });

  it('that cannot have its port leaves nothing open', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const ports = { ai: (taken.address() as AddressInfo).port };
    await expect(startSandbox({ ports })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    taken.close();
    const listening = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap');
    await untilPasses(() => expect(listening()).toEqual([]));
  });

  it('on all addresses names one that can be called', async () => {
    const sandbox = await start({ host: '0.0.0.0', faultServer: false });
    expect(new URL(sandbox.issuer).hostname).toBe('127.0.0.1');
    expect((await fetch(sandbox.jwksUrl)).status).toBe(200);
  });

  it('tells a gateway where everything is', async () => {
    const sandbox = await start();
    expect(sandbox.gatewayEnv()).toEqual({
      AUTH_SERVICE_URL: sandbox.authUrl,
      USER_SERVICE_URL: sandbox.userUrl,
      TENANT_SERVICE_URL: sandbox.tenantUrl,
      AI_SERVICE_URL: sandbox.aiUrl,
      JWT_ISSUER: sandbox.issuer,
      JWT_JWKS_URL: `${sandbox.issuer}/jwks.json`,
    });
    expect(sandbox.faultsUrl).toBe('');
  });
});

describe('a call', { timeout: 30_000 }, () => {
  it('is on record with its metadata, its deadline and its end', async () => {
    const sandbox = await start();
    const client = BackendClient.of('user', sandbox.userUrl);
    const metadata = { 'x-gateway-tenant': 'acme', 'x-trace-bin': 'AAEC' };
    await client.unary('ListUsers', { tenantId: 'acme' }, { metadata, deadlineMs: 3_000 });
    await client.unary('ListUsers', {}).catch(() => undefined);
    client.close();
    const [good, bad] = sandbox.calls.list();
    expect(good).toMatchObject({ upstream: 'user', method: '/user.v1.UserService/ListUsers', outcome: 'OK' });
    expect(good).toMatchObject({ messages: 1, cancelled: false });
    expect(good?.metadata).toMatchObject({ 'x-gateway-tenant': ['acme'], 'x-trace-bin': ['AAEC'] });
    expect(good?.deadlineMs).toBeGreaterThan(0);
    expect(good?.deadlineMs).toBeLessThanOrEqual(3_000);
    expect(bad).toMatchObject({ outcome: 'INVALID_ARGUMENT', messages: 0, cancelled: false });
  });

  it('whose deadline passes is on record as cancelled', async () => {
    const sandbox = await start();
    const client = BackendClient.of('ai', sandbox.aiUrl);
    // The deadline is of the call alone, and not of the connection, which takes its time on a busy machine.
    await client.unary('ProcessQuery', { query: 'hello' });
    const call = client.unary('ProcessQuery', { query: 'slow 30000ms' }, { deadlineMs: 500 });
    await expect(call).rejects.toThrow('DEADLINE_EXCEEDED');
    const { outcome } = await sandbox.calls.waitFor(({ cancelled }) => cancelled);
    expect(['DEADLINE_EXCEEDED', 'CANCELLED']).toContain(outcome);
    client.close();
  });

  it('that is waited for in vain is explained by those that came', async () => {
    const sandbox = await start();
    await fetch(sandbox.jwksUrl);
    const waiting = sandbox.calls.waitFor(({ upstream }) => upstream === 'user', 10);
    await expect(waiting).rejects.toThrow(/no such call within 10 ms; calls seen:\s+GET \/jwks\.json OK/);
  });

  it('is forgotten after a thousand others', async () => {
    const sandbox = await start();
    const client = BackendClient.of('tenant', sandbox.tenantUrl);
    await client.unary('GetTenant', { tenantId: 'acme' });
    const requests = Array.from({ length: 1_000 }, () => client.unary('GetTenant', { tenantId: 'globex' }));
    await Promise.all(requests);
    client.close();
    expect(sandbox.calls.list()).toHaveLength(1_000);
  });
});

describe('every backend', { timeout: 30_000 }, () => {
  it.each([
    ['authUrl', 'auth.v1.AuthService'],
    ['userUrl', 'user.v1.UserService'],
    ['tenantUrl', 'tenant.v1.TenantService'],
    ['aiUrl', 'ai.v1.AIService'],
  ] as const)('%s answers the health check and names %s by reflection', async (url, name) => {
    const sandbox = await start();
    const health = new BackendClient(sandbox[url], healthService as unknown as ServiceDefinition);
    for (const service of ['', name]) {
      await expect(health.unary('Check', { service })).resolves.toEqual({ status: 'SERVING' });
    }
    await expect(health.unary('Check', { service: 'other' })).rejects.toThrow('NOT_FOUND');
    health.close();
    const listed = await reflect(sandbox[url], { listServices: '' });
    const names = listed.listServicesResponse?.service.map((service) => service.name);
    expect(names?.toSorted()).toEqual([name, 'grpc.health.v1.Health'].toSorted());
  });

  it.each([
    ['authUrl', 'auth.v1.AuthService', 'Login'],
    ['userUrl', 'user.v1.UserService', 'GetUser'],
    ['tenantUrl', 'tenant.v1.TenantService', 'AddMember'],
    ['aiUrl', 'ai.v1.AIService', 'StreamQuery'],
  ] as const)('%s describes %s by reflection, with every file that it imports', async (url, name, method) => {
    const sandbox = await start();
    const [file, ...imported] = await describeSymbol(sandbox[url], name);
    if (file === undefined) throw new Error('nothing is described');
    const registry = createFileRegistry(file, (path) => imported.find((each) => each.name === path));
    const service = registry.getService(name);
    expect(service?.methods.map((each) => each.name)).toContain(method);
  });

  it('describes another contract by reflection while its fault is drift', async () => {
    const sandbox = await start();
    const rpcs = async () => {
      const [file] = await describeSymbol(sandbox.userUrl, 'user.v1.UserService');
      return file?.service[0]?.method.map(({ name }) => name) ?? [];
    };
    const [first, ...others] = await rpcs();
    await sandbox.setFault('user', { mode: 'drift' });
    expect(await rpcs()).toEqual([`${first}Renamed`, ...others]);
    await sandbox.setFault('user', { mode: 'none' });
    expect(await rpcs()).toEqual([first, ...others]);
  });

  it('describes the health service, whose maps other languages can read', async () => {
    const sandbox = await start();
    const [file] = await describeSymbol(sandbox.userUrl, 'grpc.health.v1.Health');
    expect(file?.service[0]?.method.map(({ name }) => name)).toContain('Check');
    const entries = file?.messageType
      .flatMap(({ nestedType }) => nestedType)
      .filter(({ options }) => options?.mapEntry);
    expect(entries?.map(({ name }) => name)).toEqual(['StatusesEntry']);
  });
});

interface ReflectionResponse {
  readonly listServicesResponse?: { readonly service: readonly { readonly name: string }[] };
  readonly fileDescriptorResponse?: { readonly fileDescriptorProto: readonly Uint8Array[] };
}

/** Fetches the file of a symbol and then, file by file, what it imports, as grpcurl does. */
async function describeSymbol(address: string, symbol: string): Promise<FileDescriptorProto[]> {
  const files = new Map<string, FileDescriptorProto>();
  const fetch = async (request: object): Promise<void> => {
    const { fileDescriptorResponse } = await reflect(address, request);
    const fetched = fileDescriptorResponse?.fileDescriptorProto ?? [];
    for (const bytes of fetched) {
      const file = fromBinary(FileDescriptorProtoSchema, bytes);
      files.set(file.name, file);
    }
    const missing = [...files.values()].flatMap(({ dependency }) => dependency).find((name) => !files.has(name));
    if (missing !== undefined) await fetch({ fileByFilename: missing });
  };
  await fetch({ fileContainingSymbol: symbol });
  return [...files.values()];
}

/** Sends one request of grpc.reflection.v1 and gives its response. */
async function reflect(address: string, request: object): Promise<ReflectionResponse> {
  const proto = import.meta
    .resolve('@grpc/reflection')
    .replace('src/index.js', 'proto/grpc/reflection/v1/reflection.proto');
  const service = loadSync(fileURLToPath(proto))['grpc.reflection.v1.ServerReflection'] as ServiceDefinition;
  const { path, requestSerialize, responseDeserialize } = service['ServerReflectionInfo'] ?? {};
  if (!path || !requestSerialize || !responseDeserialize) throw new Error('no ServerReflectionInfo');
  const client = new Client(address, credentials.createInsecure());
  const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  call.end(request);
  const [response] = (await once(call, 'data')) as [ReflectionResponse];
  client.close();
  return response;
}
