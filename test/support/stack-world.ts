import { UpstreamMeasure } from '../../src/domain/upstream-measure.js';
import { Upstreams } from '../../src/grpc/upstreams.js';
import { CallStack } from '../../src/traffic/stack.js';
import { type BytesCall, type BytesStream, grpcBackend } from './grpc-backend.js';
import { openUpstream, upstreamConfig } from './transport.js';
import { streamMethod, unaryMethod } from './upstream-call.js';

/** Keeps what the stack measured. */
export class Recorder extends UpstreamMeasure {
  readonly attempts: { upstream: string; method: string; code: string; seconds: number }[] = [];
  readonly connectionFailures: string[] = [];

  attempt(upstream: string, method: string, code: string, seconds: number): void {
    this.attempts.push({ upstream, method, code, seconds });
  }

  connectionFailure(upstream: string, reason: string): void {
    this.connectionFailures.push(`${upstream} ${reason}`);
  }

  codes(): string[] {
    return this.attempts.map(({ upstream, method, code }) => `${upstream} ${method} ${code}`);
  }
}

/** A call stack and what it measures. */
export interface World {
  readonly stack: CallStack;
  readonly measure: Recorder;
  close(): void;
}

/** The stack in front of a real backend. */
export async function stackWorld(handlers: {
  unary?: (call: BytesCall) => Promise<Buffer> | Buffer;
  stream?: (call: BytesStream) => void;
}): Promise<World> {
  const backend = await grpcBackend({
    ...(handlers.unary && { unary: { [unaryMethod().path]: handlers.unary } }),
    ...(handlers.stream && { stream: { [streamMethod().path]: handlers.stream } }),
  });
  const world = stackWorldAt(backend.target);
  return {
    ...world,
    close() {
      world.close();
      backend.close();
    },
  };
}

/** The stack in front of an address. Calls have a minute unless their policy says otherwise. */
export function stackWorldAt(target: string): World {
  const upstream = openUpstream(upstreamConfig(target));
  const upstreams = new Upstreams();
  for (const name of ['auth', 'user', 'tenant', 'ai']) upstreams.register(name, upstream.transport);
  const measure = new Recorder();
  const config = {
    upstreams: new Map([['user', upstreamConfig(target, { timeoutMs: 60_000 })]]),
    timeouts: { requestMs: 10_000, streamIdleMs: 30_000, streamTotalMs: 300_000 },
  };
  return { stack: new CallStack(upstreams, measure, config), measure, close: () => upstream.close() };
}
