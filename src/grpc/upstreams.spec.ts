import { ServerCredentials } from '@grpc/grpc-js';
import {
  type BeforeApplicationShutdown,
  type DynamicModule,
  Injectable,
  Module,
  type OnModuleDestroy,
} from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { failureOf } from '../../test/support/failure.js';
import { grpcBackend, type GrpcBackend } from '../../test/support/grpc-backend.js';
import { answer, frame, http2Stub } from '../../test/support/http2-stub.js';
import { getUserCall, GRPC_SETTINGS, TRANSPORTS, upstreamConfig } from '../../test/support/transport.js';
import { untilPasses } from '../../test/support/until.js';
import { GATEWAY_CONFIG } from '../config/config.token.js';
import type { UpstreamConfig } from '../config/upstreams.js';
import { GATEWAY_LOGGER } from '../observe/logger.js';
import { GatewayMetrics } from '../observe/metrics.js';
import { Upstreams } from './upstreams.js';
import { UpstreamsModule } from './upstreams.module.js';

const USER_PATH = '/user.v1.UserService/GetUser';
const OTHER_PATH = '/user.v1.OtherService/Do';

const toClose: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

@Module({})
class Settings {}

function settings(...upstreams: UpstreamConfig[]): DynamicModule {
  const config = {
    upstreams: new Map(upstreams.map((each) => [each.name, each])),
    grpc: GRPC_SETTINGS,
    descriptorFiles: [],
  };
  const providers = [
    { provide: GATEWAY_CONFIG, useValue: config },
    { provide: GATEWAY_LOGGER, useValue: { events: pino({ level: 'silent' }) } },
    { provide: GatewayMetrics, useValue: new GatewayMetrics({ inFlight: new Set(), droppedLines: () => 0 }) },
  ];
  return { module: Settings, global: true, providers, exports: providers };
}

async function booted(upstreams: UpstreamConfig[], providers: (typeof Hooks)[] = []): Promise<TestingModule> {
  const imports = [settings(...upstreams), UpstreamsModule];
  const app = await Test.createTestingModule({ imports, providers }).compile();
  await app.init();
  return app;
}

async function echoing(credentials?: ServerCredentials): Promise<{ backend: GrpcBackend; peers: Set<string> }> {
  const peers = new Set<string>();
  const echo = (call: { getPeer(): string; request: Buffer }): Buffer => {
    peers.add(call.getPeer());
    return call.request;
  };
  const backend = await grpcBackend({
    unary: { [USER_PATH]: echo, [OTHER_PATH]: echo },
    ...(credentials !== undefined && { credentials }),
  });
  toClose.push(() => backend.close());
  return { backend, peers };
}

/** Calls the backend from the hooks that run before the listener is closed. */
@Injectable()
class Hooks implements OnModuleDestroy, BeforeApplicationShutdown {
  static readonly answers: string[] = [];
  constructor(private readonly upstreams: Upstreams) {}

  async onModuleDestroy(): Promise<void> {
    await this.call('onModuleDestroy');
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.call('beforeApplicationShutdown');
  }

  private async call(hook: string): Promise<void> {
    const answer = await this.upstreams.get('user').unary(getUserCall({ request: Buffer.from(hook) }));
    Hooks.answers.push(Buffer.from(answer).toString());
  }
}

describe.each(TRANSPORTS)('the upstreams of the settings, over $name', ({ name }) => {
  it('have one connection each for all their services', async () => {
    const { backend, peers } = await echoing();
    const app = await booted([upstreamConfig(backend.target, { transport: name })]);
    toClose.push(() => app.close());
    const transport = app.get(Upstreams).get('user');
    const other = { upstream: 'user', service: 'user.v1.OtherService', name: 'Do', path: OTHER_PATH };
    const answers = await Promise.all([
      transport.unary(getUserCall()),
      transport.unary(getUserCall({ method: other })),
    ]);
    expect(answers).toEqual([Buffer.from('request'), Buffer.from('request')]);
    expect(peers.size).toBe(1);
  });

  it('are connected at boot, which does not wait for it', async () => {
    const stub = await http2Stub();
    toClose.push(() => stub.close());
    const app = await booted([
      upstreamConfig(stub.target, { transport: name }),
      upstreamConfig('dns:///nobody.invalid:1', { name: 'tenant', transport: name }),
    ]);
    toClose.push(() => app.close());
    await untilPasses(() => expect(stub.sessions).toHaveLength(1));
    expect(app.get(Upstreams).names().sort()).toEqual(['tenant', 'user']);
  });

  it('carry streams over the same connection', async () => {
    const stub = await http2Stub(answer(frame(Buffer.from('x')), { 'grpc-status': '0' }));
    toClose.push(() => stub.close());
    const app = await booted([upstreamConfig(stub.target, { transport: name })]);
    toClose.push(() => app.close());
    const transport = app.get(Upstreams).get('user');
    await transport.unary(getUserCall());
    for await (const message of transport.serverStream(getUserCall())) expect(message).toEqual(Buffer.from('x'));
    expect(stub.sessions).toHaveLength(1);
  });

  it('keep their connections until the application has shut down', async () => {
    const { backend } = await echoing();
    const app = await booted([upstreamConfig(backend.target, { transport: name })], [Hooks]);
    Hooks.answers.length = 0;
    const transport = app.get(Upstreams).get('user');
    await app.close();
    expect(Hooks.answers).toEqual(['onModuleDestroy', 'beforeApplicationShutdown']);
    expect((await failureOf(transport.unary(getUserCall()))).error.code).toBe('UPSTREAM_UNAVAILABLE');
  });

  it('are none that has no address', async () => {
    const app = await booted([]);
    toClose.push(() => app.close());
    expect(app.get(Upstreams).names()).toEqual([]);
    expect(() => app.get(Upstreams).get('ai')).toThrow('The upstream "ai" has no address');
  });
});

describe.each(TRANSPORTS)('encryption towards an upstream over $name', ({ name }) => {
  const file = (name: string): string => fileURLToPath(new URL(`../../test/support/tls/${name}.pem`, import.meta.url));
  const serverKeys = [{ private_key: readFileSync(file('server-key')), cert_chain: readFileSync(file('server')) }];
  const ca = readFileSync(file('ca'));
  const TLS = {
    mode: 'tls',
    caFile: file('ca'),
    certFile: undefined,
    keyFile: undefined,
    serverName: 'user.internal',
  } as const;

  async function calling(server: ServerCredentials, tls: UpstreamConfig['tls']): Promise<Uint8Array> {
    const { backend } = await echoing(server);
    const app = await booted([upstreamConfig(backend.target, { tls, transport: name })]);
    toClose.push(() => app.close());
    return app.get(Upstreams).get('user').unary(getUserCall());
  }

  it('trusts the authority of the settings', async () => {
    expect(await calling(ServerCredentials.createSsl(null, serverKeys), TLS)).toEqual(Buffer.from('request'));
  });

  it('shows its certificate to a backend that asks for one', async () => {
    const mtls = { ...TLS, mode: 'mtls', certFile: file('client'), keyFile: file('client-key') } as const;
    expect(await calling(ServerCredentials.createSsl(ca, serverKeys, true), mtls)).toEqual(Buffer.from('request'));
  });

  it.each([
    ['an authority it does not trust', { ...TLS, caFile: undefined }],
    ['another name', { ...TLS, serverName: 'tenant.internal' }],
  ])('fails as tls, never in plaintext, at a backend with %s', async (_, tls) => {
    const { error, failure } = await failureOf(calling(ServerCredentials.createSsl(null, serverKeys), tls));
    expect(error.code).toBe('UPSTREAM_UNAVAILABLE');
    expect(failure).toMatchObject({ connection: 'tls', retryableUncommitted: false });
  });

  it.each([
    ['does not exist', file('nobody'), 'cannot be read'],
    ['is no PEM file', fileURLToPath(import.meta.url), 'is no PEM file'],
  ])('refuses to boot with a file that %s', async (_, caFile, reason) => {
    const upstream = upstreamConfig('dns:///127.0.0.1:1', { tls: { ...TLS, caFile }, transport: name });
    await expect(booted([upstream])).rejects.toThrow(`TLS of the upstream "user": ${caFile} ${reason}`);
  });

  it('refuses to boot with a key that is not that of the certificate', async () => {
    const tls = { ...TLS, mode: 'mtls', certFile: file('client'), keyFile: file('server-key') } as const;
    const upstream = upstreamConfig('dns:///127.0.0.1:1', { tls, transport: name });
    await expect(booted([upstream])).rejects.toThrow('TLS of the upstream "user": the files cannot be used: ');
  });
});
