import { pino } from 'pino';
import type { GatewayConfig } from '../../src/config/gateway-config.js';
import type { UpstreamConfig } from '../../src/config/upstreams.js';
import { GrpcJsTransport } from '../../src/grpc/grpc-js/grpc-js-transport.js';
import { loadServices } from '../../src/grpc/grpc-js/upstream-package.js';
import { Http2Transport } from '../../src/grpc/client/http2-transport.js';
import type { PoolObserver } from '../../src/grpc/client/pool-settings.js';
import type { TransportCall, UpstreamTransport } from '../../src/grpc/transport.js';
import { Upstreams } from '../../src/grpc/upstreams.js';
import { GatewayMetrics } from '../../src/observe/metrics.js';

/** Limits for tests: short back-off, small messages. */
export const GRPC_SETTINGS: GatewayConfig['grpc'] = {
  keepaliveTimeMs: 0,
  keepaliveTimeoutMs: 1_000,
  initialBackoffMs: 50,
  maxBackoffMs: 100,
  resolveIntervalMs: 20,
  connectionsPerAddress: 1,
  connectionMaxAgeMs: 0,
  maxReceiveBytes: 1_048_576,
  maxSendBytes: 65_536,
  httpProxy: false,
  serviceConfig: undefined,
};

export function upstreamConfig(target: string, overrides: Partial<UpstreamConfig> = {}): UpstreamConfig {
  const tls = {
    mode: 'insecure',
    caFile: undefined,
    certFile: undefined,
    keyFile: undefined,
    serverName: undefined,
  } as const;
  return { name: 'user', target, tls, transport: 'http2', timeoutMs: 2_000, maxConcurrent: 512, ...overrides };
}

/** Nobody is told. */
export const UNOBSERVED: PoolObserver = {
  ejected: () => undefined,
  replaced: () => undefined,
  tooManyPings: () => undefined,
};

/** The upstreams of some settings, connecting. Close them with `onApplicationShutdown`. */
export function openUpstreams(upstreams: ReadonlyMap<string, UpstreamConfig>): Upstreams {
  const metrics = new GatewayMetrics({ inFlight: new Set(), droppedLines: () => 0 });
  const opened = new Upstreams({ upstreams, grpc: GRPC_SETTINGS, descriptorFiles: [] }, metrics, {
    events: pino({ level: 'silent' }),
  });
  // Over http2 alone it has nothing to wait for.
  void opened.onModuleInit();
  return opened;
}

/** Opens a way to an upstream, with what a test changes of the settings. Close it. */
export type Open = (upstream: UpstreamConfig, grpc?: Partial<GatewayConfig['grpc']>) => UpstreamTransport;

/** The gateway's own transport. */
export function openHttp2(
  upstream: UpstreamConfig,
  overrides?: Partial<GatewayConfig['grpc']>,
  observer = UNOBSERVED,
): Http2Transport {
  const grpc = { ...GRPC_SETTINGS, ...overrides };
  return new Http2Transport({ upstream, grpc, observer }, grpc);
}

const SERVICES = loadServices([]);

/** The other transport, through `ClientGrpc`. */
export const openGrpcJs: Open = (upstream, overrides) =>
  new GrpcJsTransport({
    upstream,
    grpc: { ...GRPC_SETTINGS, ...overrides },
    services: SERVICES,
    observer: UNOBSERVED,
  });

/** Every table of the transport runs over each. */
export const TRANSPORTS = [
  { name: 'http2', open: openHttp2 },
  { name: 'grpc-js', open: openGrpcJs },
] as const;

/** A call of user.v1.UserService/GetUser with a second to live. */
export function getUserCall(overrides: Partial<TransportCall> = {}): TransportCall {
  const service = 'user.v1.UserService';
  return {
    method: { upstream: 'user', service, name: 'GetUser', path: `/${service}/GetUser` },
    request: Buffer.from('request'),
    metadata: {},
    deadlineAt: performance.now() + 5_000,
    signal: new AbortController().signal,
    ...overrides,
  };
}
