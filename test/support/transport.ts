import { Client } from '@grpc/grpc-js';
import type { GatewayConfig, UpstreamConfig } from '../../src/config/gateway-config.js';
import { channelCredentials } from '../../src/grpc/channel-credentials.js';
import { channelOptions } from '../../src/grpc/channel-options.js';
import { GrpcTransport } from '../../src/grpc/grpc-transport.js';
import { Http2Transport } from '../../src/grpc/http2/http2-transport.js';
import type { Transport, TransportCall, UnaryTransport } from '../../src/grpc/transport.js';
import { UpstreamTransport } from '../../src/grpc/upstream-transport.js';
import { GrpcJsUnary } from './grpc-js-unary.js';

/** Limits for tests: short back-off, small messages. */
export const GRPC_SETTINGS: GatewayConfig['grpc'] = {
  keepaliveTimeMs: 0,
  keepaliveTimeoutMs: 1_000,
  initialBackoffMs: 50,
  maxBackoffMs: 100,
  maxReceiveBytes: 1_048_576,
  maxSendBytes: 65_536,
};

export function upstreamConfig(target: string, overrides: Partial<UpstreamConfig> = {}): UpstreamConfig {
  const tls = {
    mode: 'insecure',
    caFile: undefined,
    certFile: undefined,
    keyFile: undefined,
    serverName: undefined,
  } as const;
  return { name: 'user', target, tls, timeoutMs: 2_000, maxConcurrent: 512, ...overrides };
}

/** A raw client with the gateway's own channel settings. Close it. */
export function rawClient(upstream: UpstreamConfig, grpc: Partial<GatewayConfig['grpc']> = {}): Client {
  const options = channelOptions(upstream, { ...GRPC_SETTINGS, ...grpc });
  return new Client(upstream.target, channelCredentials(upstream), options);
}

/** All calls over one raw client of grpc-js. */
export function transportTo(client: Client): Transport {
  const channel = client.getChannel();
  const [calls, streams] = [new GrpcJsUnary(channel), new GrpcTransport(channel)];
  return { unary: (call) => calls.unary(call), serverStream: (call) => streams.serverStream(call) };
}

/** A way to make unary calls to one upstream. Close it. */
export interface OpenUnary extends UnaryTransport {
  close(): void;
}

/** Opens a way to an upstream, with what a test changes of the settings. */
export type Open = (upstream: UpstreamConfig, grpc?: Partial<GatewayConfig['grpc']>) => OpenUnary;

/** The gateway's own transport. */
export const openHttp2: Open = (upstream, overrides) => {
  const grpc = { ...GRPC_SETTINGS, ...overrides };
  return new Http2Transport({ upstream, grpc }, grpc);
};

/** The same over grpc-js. */
export const openGrpcJs: Open = (upstream, overrides) => {
  const client = rawClient(upstream, overrides);
  return { ...transportTo(client), close: () => client.close() };
};

/** What behaves alike to the last failure: every table of unary calls is run over each. */
export const UNARY_TRANSPORTS = [
  { name: 'http2', open: openHttp2 },
  { name: 'grpc-js', open: openGrpcJs },
] as const;

/** All of an upstream, as the gateway has it. Close it. */
export function openUpstream(upstream: UpstreamConfig): { transport: UpstreamTransport; close(): void } {
  const client = rawClient(upstream);
  const calls = new Http2Transport({ upstream, grpc: GRPC_SETTINGS }, GRPC_SETTINGS);
  const transport = new UpstreamTransport(calls, transportTo(client));
  return {
    transport,
    close() {
      transport.close();
      client.close();
    },
  };
}

/** A call of user.v1.UserService/GetUser with a second to live. */
export function getUserCall(overrides: Partial<TransportCall> = {}): TransportCall {
  const service = 'user.v1.UserService';
  return {
    method: { upstream: 'user', service, name: 'GetUser', path: `/${service}/GetUser` },
    request: Buffer.from('request'),
    metadata: {},
    deadlineAt: performance.now() + 1_000,
    signal: new AbortController().signal,
    ...overrides,
  };
}
