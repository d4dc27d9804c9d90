import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { CallContext } from '../domain/call-context.js';
import type { GatewayError } from '../domain/errors.js';

const AI = 'ai';
const FIRST_BYTE_SECONDS = [0.1, 0.25, 0.5, 1, 2, 3, 5, 8, 13, 20, 30, 60];
const OUTCOMES = [
  'completed',
  'client_abort',
  'upstream_error',
  'deadline',
  'drained',
  'credential_ended',
  'refused',
  'gateway_error',
] as const;

/** Outcome of a stream. `refused`: by a limit, or by its upstream because of the request. */
export type StreamOutcome = (typeof OUTCOMES)[number];

/**
 * Metrics of server streams, and separate ones for AIService: they last, and would distort the latencies of
 * everything else.
 */
export class StreamMetrics {
  private readonly streams: Counter<'outcome'>;
  private readonly aiFirstByte: Histogram;

  constructor(registry: Registry, inFlight: () => Iterable<CallContext>) {
    const registers = [registry];
    this.streams = new Counter({
      name: 'gateway_streams_total',
      help: 'Finished server streams, by outcome.',
      labelNames: ['outcome'],
      registers,
    });
    this.aiFirstByte = new Histogram({
      name: 'gateway_ai_time_to_first_byte_seconds',
      help: 'Time from a request for an AI stream to its first message; streams without one are not counted.',
      buckets: FIRST_BYTE_SECONDS,
      registers,
    });
    for (const outcome of OUTCOMES) this.streams.inc({ outcome }, 0);
    new Gauge({
      name: 'gateway_ai_streams_active',
      help: 'AI streams in progress, including those that wait for their first message.',
      registers,
      collect() {
        let active = 0;
        for (const call of inFlight()) if (hasBegun(call) && call.method?.upstream === AI) active += 1;
        this.set(active);
      },
    });
  }

  /** Counts a finished stream, if its upstream was called. */
  ended(call: CallContext): void {
    if (!hasBegun(call)) return;
    this.streams.inc({ outcome: outcomeOf(call.error) });
    if (call.method?.upstream === AI && call.firstMessageMs > 0) this.aiFirstByte.observe(call.firstMessageMs / 1000);
  }
}

/** Returns whether the upstream of a stream was called. */
function hasBegun({ method, upstream }: CallContext): boolean {
  return method?.kind === 'server_stream' && upstream?.rpc === method.path;
}

function outcomeOf(error: GatewayError | undefined): StreamOutcome {
  if (error === undefined) return 'completed';
  const { code, domain } = error;
  if (code === 'CLIENT_CLOSED' || code === 'CLIENT_STALLED') return 'client_abort';
  if (code === 'UPSTREAM_TIMEOUT') return 'deadline';
  if (code === 'DRAINING') return 'drained';
  if (domain === 'upstream') return 'upstream_error';
  if (domain === 'auth') return 'credential_ended';
  return domain === 'gateway' ? 'gateway_error' : 'refused';
}
