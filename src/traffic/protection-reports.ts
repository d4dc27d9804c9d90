import type { Logger } from 'pino';
import type { ProtectionMetrics } from '../observe/protection-metrics.js';
import type { CircuitState } from './breaker-circuit.js';
import type { CallKind, CircuitObserver } from './breakers.js';
import type { BulkheadObserver } from './bulkhead.js';

const TOKENS: Readonly<Record<CircuitState, string>> = {
  open: 'circuit_opened',
  half_open: 'circuit_half_open',
  closed: 'circuit_closed',
};

/** One change of state of a circuit. */
export interface CircuitTransition {
  readonly upstream: string;
  readonly calls: CallKind;
  readonly to: CircuitState;
  /** Unix ms. */
  readonly at: number;
}

const MAX_TRANSITIONS = 100;

/** Counts the events of circuits and bulkheads, and logs each change of a circuit. */
export class ProtectionReports implements CircuitObserver, BulkheadObserver {
  /** The last changes of circuits, the oldest first. */
  readonly transitions: CircuitTransition[] = [];

  constructor(
    private readonly metrics: ProtectionMetrics,
    private readonly logger: Logger,
  ) {}

  known(upstream: string, kind: CallKind): void {
    this.metrics.knowCircuit(upstream, kind);
  }

  changed(upstream: string, kind: CallKind, to: CircuitState): void {
    this.metrics.changed(upstream, kind, to);
    this.transitions.push({ upstream, calls: kind, to, at: Date.now() });
    if (this.transitions.length > MAX_TRANSITIONS) this.transitions.shift();
    const level = to === 'open' ? 'warn' : 'info';
    this.logger[level]({ upstream, calls: kind, state: to }, `${TOKENS[to]} upstream=${upstream} calls=${kind}`);
  }

  rejected(upstream: string, reason: 'open' | 'capacity' | 'displaced' | 'timeout'): void {
    this.metrics.rejected(upstream, reason);
  }

  waited(upstream: string, seconds: number): void {
    this.metrics.waited(upstream, seconds);
  }
}
