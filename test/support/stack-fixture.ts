import { pino } from 'pino';
import type { CircuitConfig } from '../../src/config/schema/circuit-settings.js';
import type { LoadConfig } from '../../src/config/schema/load-settings.js';
import { type ConnectionFailure, UpstreamMeasure } from '../../src/domain/upstream-measure.js';
import { GatewayMetrics } from '../../src/observe/metrics.js';
import { Protection } from '../../src/traffic/protection.js';
import { CallStack } from '../../src/traffic/stack.js';
import { type BytesCall, type BytesStream, grpcBackend } from './grpc-backend.js';
import { openUpstreams, upstreamConfig } from './transport.js';
import { streamMethod, unaryMethod } from './upstream-call.js';

/** Keeps what the stack measured. */
export class Recorder extends UpstreamMeasure {
  readonly attempts: { upstream: string; method: string; code: string; seconds: number }[] = [];
  readonly connectionFailures: string[] = [];
  readonly retries: string[] = [];

  attempt(upstream: string, method: string, code: string, seconds: number): void {
    this.attempts.push({ upstream, method, code, seconds });
  }

  retry(upstream: string, method: string): void {
    this.retries.push(`${upstream} ${method}`);
  }

  connectionFailure(upstream: string, reason: ConnectionFailure): void {
    this.connectionFailures.push(`${upstream} ${reason}`);
  }

  codes(): string[] {
    return this.attempts.map(({ upstream, method, code }) => `${upstream} ${method} ${code}`);
  }
}

export const CIRCUIT: CircuitConfig = {
  errorPercent: 60,
  minRequests: 20,
  consecutiveErrors: 0,
  windowMs: 60_000,
  openMs: 30_000,
  maxOpenMs: 120_000,
  halfOpenMax: 3,
};

export const LOAD: LoadConfig = {
  maxConcurrentRequests: 4096,
  queueSize: 128,
  queueTimeoutMs: 50,
  tenantSharePercent: 100,
  tenantWeights: [],
  shedDelayMs: 0,
  shedHeapPercent: 0,
  shedMemoryPercent: 0,
  maxBodyMemoryBytes: undefined,
};

/** Limits under test. */
export interface Limits {
  readonly circuit?: Partial<CircuitConfig>;
  readonly load?: Partial<LoadConfig>;
  readonly maxConcurrent?: number;
}

/** A call stack and what it measures. */
export interface StackFixture {
  readonly stack: CallStack;
  readonly measure: Recorder;
  readonly protection: Protection;
  readonly metrics: GatewayMetrics;
  close(): void;
}

/** The stack in front of a real backend. */
export async function stackFixture(
  handlers: {
    unary?: (call: BytesCall) => Promise<Buffer> | Buffer;
    stream?: (call: BytesStream) => void;
  },
  limits?: Limits,
): Promise<StackFixture> {
  const backend = await grpcBackend({
    ...(handlers.unary && { unary: { [unaryMethod().path]: handlers.unary } }),
    ...(handlers.stream && { stream: { [streamMethod().path]: handlers.stream } }),
  });
  const fixture = stackFixtureAt(backend.target, limits);
  return {
    ...fixture,
    close() {
      fixture.close();
      backend.close();
    },
  };
}

/** The stack in front of an address. Calls have a minute unless their policy says otherwise. */
export function stackFixtureAt(target: string, { circuit, load, maxConcurrent = 512 }: Limits = {}): StackFixture {
  const measure = new Recorder();
  const config = {
    upstreams: new Map(
      ['auth', 'user', 'tenant', 'ai'].map((name) => [
        name,
        upstreamConfig(target, { name, timeoutMs: 60_000, maxConcurrent }),
      ]),
    ),
    timeouts: { requestMs: 10_000, streamIdleMs: 30_000, streamTotalMs: 300_000 },
    circuit: { ...CIRCUIT, ...circuit },
    load: { ...LOAD, ...load },
  };
  const upstreams = openUpstreams(config.upstreams);
  const metrics = new GatewayMetrics({ inFlight: new Set(), droppedLines: () => 0 });
  const protection = new Protection(config, metrics, { events: pino({ level: 'silent' }) });
  const close = () => {
    protection.onApplicationShutdown();
    upstreams.onApplicationShutdown();
  };
  return { stack: new CallStack(upstreams, measure, config, protection), measure, protection, metrics, close };
}
