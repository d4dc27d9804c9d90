import { Injectable } from '@nestjs/common';
import { GatewayError } from '../domain/errors.js';
import { withDeadline } from '../domain/loop-timeout.js';
import { GrpcFailure } from './grpc-failure.js';
import type { TransportCall, UnaryTransport } from './transport.js';
import { Upstreams } from './upstreams.js';

/** Verdict of one health check. */
export interface UpstreamVerdict {
  readonly serving: boolean;
  /** `serving`, or what stands in the way: `refused`, `dns: no such host`, `timeout`, `tls`, `not_serving`, …. */
  readonly text: string;
  readonly ms: number;
}

const SERVICE = 'grpc.health.v1.Health';
/** HealthCheckRequest for the whole server: its only field is left empty. */
const REQUEST = Buffer.alloc(0);
/** HealthCheckResponse {status: SERVING}: field 1, varint 1. */
const SERVING = Buffer.from([0x08, 0x01]);

/** The call's own deadline, in ms beyond the look's: it runs on while this process is paused, and must not end the look. */
const PAUSE_MS = 60_000;

/** Asks an upstream for its health over the channel that its calls use (grpc.health.v1). */
@Injectable()
export class UpstreamHealth {
  constructor(private readonly upstreams: Upstreams) {}

  /** Never rejects: what fails is the verdict. It takes `deadlineMs`, in which pauses of this process do not count. */
  async check(upstream: string, deadlineMs: number): Promise<UpstreamVerdict> {
    const transport = this.upstreams.names().includes(upstream) ? this.upstreams.get(upstream) : undefined;
    if (transport === undefined) return { serving: false, text: 'failed', ms: 0 };
    return askHealth(upstream, transport, deadlineMs);
  }
}

/** Asks over one transport. Never rejects. */
export async function askHealth(
  upstream: string,
  transport: UnaryTransport,
  deadlineMs: number,
): Promise<UpstreamVerdict> {
  const startedAt = performance.now();
  const deadlineAt = startedAt + deadlineMs + PAUSE_MS;
  const look = withDeadline(deadlineMs, (signal) => ask(upstream, transport, { deadlineAt, signal }));
  const verdict = await look.catch(verdictOnFailure);
  return { ...verdict, ms: performance.now() - startedAt };
}

async function ask(
  upstream: string,
  transport: UnaryTransport,
  end: Pick<TransportCall, 'deadlineAt' | 'signal'>,
): Promise<Omit<UpstreamVerdict, 'ms'>> {
  const response = await transport.unary({
    method: { upstream, service: SERVICE, name: 'Check', path: `/${SERVICE}/Check` },
    request: REQUEST,
    metadata: {},
    ...end,
  });
  const serving = SERVING.equals(response);
  return { serving, text: serving ? 'serving' : 'not_serving' };
}

function verdictOnFailure(error: unknown): Omit<UpstreamVerdict, 'ms'> {
  const { cause } = GatewayError.from(error);
  if (!(cause instanceof GrpcFailure)) return { serving: false, text: 'failed' };
  const { connection, grpcCode, origin } = cause;
  // A server without the health service answered all the same.
  if (origin === 'app' && grpcCode === 'UNIMPLEMENTED') return { serving: true, text: 'unimplemented' };
  if (connection === 'dns') return { serving: false, text: 'dns: no such host' };
  if (connection !== undefined) return { serving: false, text: connection };
  // Only the end of the look cancels its call.
  if (grpcCode === 'DEADLINE_EXCEEDED' || (grpcCode === 'CANCELLED' && origin === 'local'))
    return { serving: false, text: 'timeout' };
  return { serving: false, text: origin === 'app' ? `failed: ${grpcCode}` : 'no gRPC server' };
}
