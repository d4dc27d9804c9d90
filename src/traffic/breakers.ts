import type { CircuitConfig } from '../config/schema/circuit-settings.js';
import type { CallContext } from '../domain/call-context.js';
import { GatewayError } from '../domain/errors.js';
import type { Policy } from '../domain/policy.js';
import type { RpcMethod } from '../domain/rpc-method.js';
import { Circuit, type CircuitClock, type CircuitReport, type CircuitState, REFUSED } from './breaker-circuit.js';

/** Kinds of calls with circuits of their own: a database that accepts no writes often still answers reads. */
export type CallKind = 'read' | 'write';

const KINDS: readonly CallKind[] = ['read', 'write'];

/** The facts that select a circuit: an RPC, or the upstream that a hand-written route names. */
export interface CircuitSubject extends Pick<RpcMethod, 'upstream' | 'readOnly'> {
  /** Sources of a response other than the upstream. */
  readonly policy?: Pick<Policy, 'cache' | 'fallback'>;
}

/** Receives the events of circuits for metrics and the log. */
export interface CircuitObserver {
  /** Announces a circuit, which is closed at first. */
  known(upstream: string, kind: CallKind): void;
  changed(upstream: string, kind: CallKind, to: CircuitState): void;
  rejected(upstream: string, reason: 'open'): void;
}

/** The circuits of one upstream. */
export type CircuitReports = Readonly<Record<CallKind, CircuitReport>>;

interface Pair {
  readonly read: Circuit;
  readonly write: Circuit;
}

/** Holds the circuits of all upstreams in the settings. The call stack and the interceptor share them. */
export class Breakers {
  private readonly circuits = new Map<string, Pair>();

  constructor(
    private readonly settings: CircuitConfig,
    upstreams: Iterable<string>,
    private readonly observer: CircuitObserver,
    private readonly clock?: CircuitClock,
  ) {
    for (const upstream of upstreams) this.pair(upstream);
  }

  /** Returns the circuit that calls of a method pass. */
  of({ upstream, readOnly }: CircuitSubject): Circuit {
    return this.pair(upstream)[readOnly ? 'read' : 'write'];
  }

  /**
   * Takes a permit for the call that a request is about to make; the breaker of the stack uses it. Returns
   * CIRCUIT_OPEN when the call would be refused. Does nothing for an RPC with a cache or a fallback: only the stack
   * knows whether it will call the upstream.
   */
  admit(call: CallContext, subject: CircuitSubject): GatewayError | undefined {
    if (subject.policy?.cache !== undefined || subject.policy?.fallback !== undefined) return undefined;
    const circuit = this.of(subject);
    const ticket = circuit.enter();
    call.breakerState = circuit.state;
    if (ticket === REFUSED) return this.refusal(subject, circuit);
    call.holdPermit(circuit, ticket);
    return undefined;
  }

  /** Counts a refusal and returns its error. */
  refusal({ upstream }: Pick<RpcMethod, 'upstream'>, circuit: Circuit): GatewayError {
    this.observer.rejected(upstream, 'open');
    const retryAfterSeconds = Math.max(Math.ceil(circuit.retryAfterMs / 1000), 1);
    const detail = `service unavailable: circuit breaker is open for the "${upstream}" service.`;
    return new GatewayError('CIRCUIT_OPEN', detail, { retryAfterSeconds });
  }

  /** Names of the upstreams that have circuits. */
  get upstreams(): readonly string[] {
    return [...this.circuits.keys()];
  }

  /** Returns the state of the circuits of an upstream, or undefined for an unknown upstream. */
  report(upstream: string): CircuitReports | undefined {
    const pair = this.circuits.get(upstream);
    return pair && { read: pair.read.report(), write: pair.write.report() };
  }

  /** Refuses all calls to an upstream until {@link close} or {@link reset}. Returns false for an unknown upstream. */
  open(upstream: string): boolean {
    return this.each(upstream, (circuit) => circuit.open());
  }

  /** Admits calls, whatever the upstream does. Returns false for an unknown upstream. */
  close(upstream: string): boolean {
    return this.each(upstream, (circuit) => circuit.close());
  }

  /** Does the same as {@link close}, and clears the counts. Returns false for an unknown upstream. */
  reset(upstream: string): boolean {
    return this.each(upstream, (circuit) => circuit.reset());
  }

  /** Stops the timers of all circuits. */
  shutdown(): void {
    for (const upstream of this.circuits.keys()) this.each(upstream, (circuit) => circuit.shutdown());
  }

  private each(upstream: string, act: (circuit: Circuit) => void): boolean {
    const pair = this.circuits.get(upstream);
    if (pair !== undefined) for (const kind of KINDS) act(pair[kind]);
    return pair !== undefined;
  }

  private pair(upstream: string): Pair {
    let pair = this.circuits.get(upstream);
    if (pair === undefined) {
      pair = { read: this.make(upstream, 'read'), write: this.make(upstream, 'write') };
      this.circuits.set(upstream, pair);
    }
    return pair;
  }

  private make(upstream: string, kind: CallKind): Circuit {
    this.observer.known(upstream, kind);
    return new Circuit(this.settings, (to) => this.observer.changed(upstream, kind, to), this.clock);
  }
}
