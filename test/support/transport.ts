import { Client } from '@grpc/grpc-js';
import type { GatewayConfig, UpstreamConfig } from '../../src/config/gateway-config.js';
import { channelCredentials } from '../../src/grpc/channel-credentials.js';
import { channelOptions } from '../../src/grpc/channel-options.js';
import { GrpcTransport } from '../../src/grpc/grpc-transport.js';
import type { TransportCall } from '../../src/grpc/transport.js';

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

export function transportTo(client: Client): GrpcTransport {
  return new GrpcTransport(client.getChannel());
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
