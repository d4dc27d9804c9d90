import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { CallContext } from '../domain/call-context.js';
import { ERROR_CODES, type FailureDomain, type GatewayError, type GatewayErrorCode } from '../domain/errors.js';
import { REQUEST_STAGES } from '../domain/request-stage.js';
import type { HttpFacts } from './http-facts.js';
import { CellMap, CounterCell, HistogramCell } from './metric-cells.js';

const OVERHEAD_SECONDS = [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];
const DOMAINS: readonly FailureDomain[] = ['client', 'auth', 'upstream', 'overload', 'gateway'];
/** Client errors that are not counted as rejected requests: each has a metric of its own. */
const NOT_REJECTED: ReadonlySet<GatewayErrorCode> = new Set(['RATE_LIMITED', 'CLIENT_CLOSED', 'CLIENT_STALLED']);

/** Metrics of requests as a whole: failures by domain, and the overhead of the gateway. */
export class RequestMetrics {
  private readonly failures: Counter<'failure_domain'>;
  private readonly rejects: Counter<'reason'>;
  private readonly overhead: HistogramCell;
  private readonly failureCells = new CellMap((failure_domain) => new CounterCell(this.failures, { failure_domain }));
  private readonly rejectCells = new CellMap((reason) => new CounterCell(this.rejects, { reason }));

  constructor(registry: Registry, inFlight: () => Iterable<CallContext>) {
    const registers = [registry];
    this.failures = new Counter({
      name: 'gateway_request_failures_total',
      help: 'Failed requests by failure domain: the failure_domain of the problem.',
      labelNames: ['failure_domain'],
      registers,
    });
    this.rejects = new Counter({
      name: 'gateway_client_rejects_total',
      help: 'Requests refused because of a client error, by error code; without 401, 403, 429 and faults of upstreams.',
      labelNames: ['reason'],
      registers,
    });
    const overhead = new Histogram({
      name: 'gateway_overhead_seconds',
      help: 'Time in the gateway itself: from a request to the head of its response, without receiving the body and without upstream calls. Only unary calls that an upstream answered.',
      buckets: OVERHEAD_SECONDS,
      registers,
    });
    this.overhead = new HistogramCell(overhead);
    for (const failure_domain of DOMAINS) this.failures.inc({ failure_domain }, 0);
    for (const code of Object.keys(ERROR_CODES) as GatewayErrorCode[])
      if (isRejected(code)) this.rejects.inc({ reason: code }, 0);
    registerStages(registry, inFlight);
  }

  failed({ code, domain }: GatewayError): void {
    this.failureCells.of(domain).inc();
    if (isRejected(code)) this.rejectCells.of(code).inc();
  }

  /** Observes the overhead of a finished request, if an upstream answered it. */
  answered({ upstream, authWait, method, receiveMs }: CallContext, { ttfbMs, aborted }: HttpFacts): void {
    if (upstream === undefined || upstream.attempts === 0 || aborted || method?.kind !== 'unary') return;
    const elsewhereMs = upstream.serviceMs + (authWait?.upstreamMs ?? 0) + receiveMs;
    // Hedged attempts overlap: together they may have taken longer than the request.
    this.overhead.observe(Math.max(ttfbMs - elsewhereMs, 0) / 1000);
  }
}

function isRejected(code: GatewayErrorCode): boolean {
  return ERROR_CODES[code].domain === 'client' && !NOT_REJECTED.has(code);
}

function registerStages(registry: Registry, inFlight: () => Iterable<CallContext>): void {
  new Gauge({
    name: 'gateway_in_flight_stage_requests',
    help: 'Requests in flight by stage: auth, limits, interceptors and handler (of the application), decode, guardrail and upstream (waiting for one), encode, stream (messages are flowing).',
    labelNames: ['stage'],
    registers: [registry],
    collect() {
      for (const stage of REQUEST_STAGES) this.set({ stage }, 0);
      for (const { stage } of inFlight()) this.inc({ stage });
    },
  });
}
