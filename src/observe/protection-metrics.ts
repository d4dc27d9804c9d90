import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const WAIT_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];
const STATES = ['closed', 'half_open', 'open'] as const;
/** Values of `circuit_breaker_state`. */
const STATE_NUMBERS = { closed: 0, open: 1, half_open: 2 } as const;

type State = (typeof STATES)[number];

/** Concurrency of one upstream at a scrape. */
export interface UpstreamLoad {
  readonly upstream: string;
  readonly inFlight: number;
  readonly capacity: number;
  readonly queued: number;
}

/** Metrics of the protection of upstreams from too many calls, and of the gateway from failing upstreams. */
export class ProtectionMetrics {
  private readonly state: Gauge<'upstream' | 'state'>;
  private readonly namedState: Gauge<'name'>;
  private readonly transitions: Counter<'upstream' | 'to'>;
  private readonly rejections: Counter<'upstream' | 'reason'>;
  private readonly queueWait: Histogram<'upstream'>;
  private readonly retries: Counter<'upstream' | 'method'>;
  private readonly shed: Counter<'priority' | 'reason'>;
  /** States of the circuits of each upstream, by kind of call. */
  private readonly circuits = new Map<string, Map<string, State>>();

  constructor(private readonly registry: Registry) {
    const registers = [registry];
    const counter = <T extends string>(name: string, help: string, labelNames: T[]) =>
      new Counter({ name, help, labelNames, registers });
    const gauge = <T extends string>(name: string, help: string, labelNames: T[]) =>
      new Gauge({ name, help, labelNames, registers });
    this.state = gauge('gateway_circuit_state', '1 for the state of the worst circuit breaker of an upstream.', [
      'upstream',
      'state',
    ]);
    this.namedState = gauge('circuit_breaker_state', 'Each circuit: 0 closed, 1 open, 2 half-open.', ['name']);
    this.transitions = counter('gateway_circuit_transitions_total', 'Changes of state of circuit breakers.', [
      'upstream',
      'to',
    ]);
    this.rejections = counter(
      'gateway_circuit_rejections_total',
      'Calls refused by a circuit breaker or a concurrency limit before they were sent.',
      ['upstream', 'reason'],
    );
    this.queueWait = new Histogram({
      name: 'gateway_queue_wait_seconds',
      help: 'Time that calls waited for a permit of an upstream; calls that did not wait are not counted.',
      labelNames: ['upstream'],
      buckets: WAIT_SECONDS,
      registers,
    });
    this.retries = counter('upstream_grpc_retries_total', 'Attempts beyond the first of a call.', [
      'upstream',
      'method',
    ]);
    this.shed = counter('gateway_requests_shed_total', 'Requests refused because the gateway is overloaded.', [
      'priority',
      'reason',
    ]);
  }

  /** Creates the label sets of an upstream and a circuit at startup. */
  knowCircuit(upstream: string, kind: string): void {
    this.setCircuit(upstream, kind, 'closed');
    for (const to of STATES) this.transitions.inc({ upstream, to }, 0);
    for (const reason of ['open', 'capacity', 'displaced', 'timeout']) this.rejections.inc({ upstream, reason }, 0);
    this.queueWait.zero({ upstream });
  }

  knowPriorities(priorities: readonly string[]): void {
    for (const priority of priorities) {
      for (const reason of ['concurrency', 'pressure', 'tenant_share', 'body_memory'])
        this.shed.inc({ priority, reason }, 0);
    }
  }

  changed(upstream: string, kind: string, to: State): void {
    this.setCircuit(upstream, kind, to);
    this.transitions.inc({ upstream, to });
  }

  rejected(upstream: string, reason: 'open' | 'capacity' | 'displaced' | 'timeout'): void {
    this.rejections.inc({ upstream, reason });
  }

  waited(upstream: string, seconds: number): void {
    this.queueWait.observe({ upstream }, seconds);
  }

  retried(upstream: string, method: string): void {
    this.retries.inc({ upstream, method });
  }

  refused(priority: string, reason: 'concurrency' | 'pressure' | 'tenant_share' | 'body_memory'): void {
    this.shed.inc({ priority, reason });
  }

  /** Reads loads at each scrape: counting them at each call would cost more than the concurrency limit itself. */
  watch(loads: () => Iterable<UpstreamLoad>): void {
    this.watchOne('gateway_upstream_in_flight_requests', 'Calls in flight.', loads, ({ inFlight }) => inFlight);
    this.watchOne('gateway_upstream_capacity', 'Maximum number of calls in flight.', loads, ({ capacity }) => capacity);
    this.watchOne('gateway_queue_depth', 'Calls that wait for a permit.', loads, ({ queued }) => queued);
  }

  /** Reads at each scrape what the bodies of requests take. */
  watchBodies(heldBytes: () => number): void {
    new Gauge({
      name: 'gateway_request_body_bytes',
      help: 'Bytes of request bodies held at present; at most GATEWAY_MAX_BODY_MEMORY.',
      registers: [this.registry],
      collect() {
        this.set(heldBytes());
      },
    });
  }

  private watchOne(
    name: string,
    help: string,
    loads: () => Iterable<UpstreamLoad>,
    read: (load: UpstreamLoad) => number,
  ): void {
    new Gauge({
      name,
      help,
      labelNames: ['upstream'],
      registers: [this.registry],
      collect() {
        for (const load of loads()) this.set({ upstream: load.upstream }, read(load));
      },
    });
  }

  private setCircuit(upstream: string, kind: string, to: State): void {
    let kinds = this.circuits.get(upstream);
    if (kinds === undefined) this.circuits.set(upstream, (kinds = new Map<string, State>()));
    kinds.set(kind, to);
    this.namedState.set({ name: `${upstream}.${kind}` }, STATE_NUMBERS[to]);
    const worst = STATES.findLast((state) => [...kinds.values()].includes(state));
    for (const state of STATES) this.state.set({ upstream, state }, state === worst ? 1 : 0);
  }
}
