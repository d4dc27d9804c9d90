import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { buildGateway } from './gateway-build.js';
import { buildGoPeer, goVersion } from './go-peer.js';
import type { Identity } from './identity.js';
import type { Options, SystemName } from './options.js';
import { PROTO_ROOT, ROOT } from './paths.js';
import type { Command } from './process.js';
import type { ScenarioName } from './scenarios.js';
import { transpilePeer } from './transpile.js';

/** Settings of a system under test. */
export interface Surroundings {
  readonly port: number;
  /** host:port of the gRPC upstream. */
  readonly upstream: string;
  /** URL of the trace collector. */
  readonly collector: string;
  readonly identity: Identity;
  /** Flags for node before the main file. */
  readonly nodeFlags: readonly string[];
}

/** A program that the benchmark can measure. */
export interface System {
  readonly title: string;
  /** Builds the system. Returns the reason if it cannot take part. */
  readonly prepare: (options: Options) => string | undefined;
  readonly command: (surroundings: Surroundings) => Command;
  /** Paths that differ from the scenario's; `null` excludes the system from that scenario. */
  readonly paths: Partial<Record<ScenarioName, string | null>>;
  /** Writes one log line per request, which the harness checks. */
  readonly logsRequests: boolean;
}

const GUARDED = { unauthorized: '/guarded/users/01JDV5Q3M8ZK4W9T6X2Y000000' };
const WITHOUT_LIMIT = '1000000';

function nodePeer(name: string, title: string): System {
  let main = '';
  return {
    title,
    prepare: () => {
      main = transpilePeer(name);
      return undefined;
    },
    command: ({ port, upstream, nodeFlags }) => ({
      file: process.execPath,
      args: [...nodeFlags, main],
      env: { NODE_ENV: 'production', PORT: String(port), UPSTREAM: upstream, PROTO_ROOT },
    }),
    paths: GUARDED,
    logsRequests: false,
  };
}

function goPeer(): System {
  let program = '';
  return {
    title: 'grpc-gateway (Go)',
    prepare: () => {
      if (goVersion() === undefined) return 'no Go toolchain here';
      try {
        program = buildGoPeer();
        return undefined;
      } catch {
        return 'its build failed (it needs the Go module proxy once)';
      }
    },
    command: ({ port, upstream }) => ({
      file: program,
      args: [],
      env: { PORT: String(port), UPSTREAM: upstream, GOMAXPROCS: '1' },
    }),
    paths: { unauthorized: null },
    logsRequests: false,
  };
}

function gatewayEnvironment({ port, upstream, identity }: Surroundings): Record<string, string> {
  return {
    NODE_ENV: 'production',
    API_GATEWAY_PORT: String(port),
    GATEWAY_ADMIN_ADDR: '127.0.0.1:0',
    AUTH_SERVICE_URL: upstream,
    USER_SERVICE_URL: upstream,
    TENANT_SERVICE_URL: upstream,
    AI_SERVICE_URL: upstream,
    JWT_JWKS_URL: identity.jwksUrl,
    JWT_ISSUER: identity.issuer,
    JWT_AUDIENCE: identity.audience,
    LOG_LEVEL: 'info',
    ENABLE_METRICS: 'true',
    RATE_LIMIT_RPS: WITHOUT_LIMIT,
    RATE_LIMIT_BURST: WITHOUT_LIMIT,
    GATEWAY_RATE_LIMIT_IP_RPS: WITHOUT_LIMIT,
    GATEWAY_RATE_LIMIT_IP_BURST: WITHOUT_LIMIT,
    GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT: '0s',
  };
}

type Build = (options: Options) => { readonly main: string } | { readonly absent: string };
type MoreSettings = (surroundings: Surroundings) => Record<string, string>;

const BUILT_HERE: Build = () => ({ main: buildGateway() });

/** @param more settings beside those of the product as built. @param build returns the main file, or why there is none. */
function gateway(title: string, more: MoreSettings = () => ({}), build: Build = BUILT_HERE): System {
  let main = '';
  return {
    title,
    prepare: (options) => {
      const built = build(options);
      if ('absent' in built) return built.absent;
      main = built.main;
      return undefined;
    },
    command: (surroundings) => ({
      file: process.execPath,
      args: [...surroundings.nodeFlags, '--enable-source-maps', main],
      env: { ...gatewayEnvironment(surroundings), ...more(surroundings) },
    }),
    paths: {},
    logsRequests: true,
  };
}

/** Everything that can be measured. Stock NestJS is the yardstick. */
export const SYSTEMS: Readonly<Record<SystemName, System>> = {
  nest: nodePeer('nest', 'NestJS (Express, ClientGrpc)'),
  fastify: nodePeer('fastify', 'Fastify + grpc-js by hand'),
  go: goPeer(),
  gateway: gateway('api-gateway'),
  'gateway-traced': gateway('api-gateway, traces at 1 %', ({ collector }) => ({
    ENABLE_TRACING: 'true',
    OTEL_SAMPLE_RATIO: '0.01',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector,
  })),
  'gateway-grpc-js': gateway('api-gateway over grpc-js', () => ({ GATEWAY_GRPC_TRANSPORT: 'grpc-js' })),
  before: gateway(
    'api-gateway before',
    () => ({}),
    ({ before = '' }) => builtAt(before),
  ),
};

function builtAt(folder: string): ReturnType<Build> {
  const main = resolve(folder, 'dist/main.js');
  return existsSync(main) ? { main } : { absent: `there is no ${main}: run "npm run build" there` };
}

/** Command of the upstream. */
export function upstreamCommand(port: number): Command {
  return {
    file: process.execPath,
    args: ['--import', '@oxc-node/core/register', `${ROOT}/bench/upstream.ts`],
    env: { PORT: String(port), NODE_ENV: 'production' },
  };
}
