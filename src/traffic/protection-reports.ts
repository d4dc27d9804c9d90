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

/** Counts what circuits and bulkheads do, and logs each change of a circuit. */
export class ProtectionReports implements CircuitObserver, BulkheadObserver {
  constructor(
    private readonly metrics: ProtectionMetrics,
    private readonly logger: Logger,
  ) {}

  known(upstream: string, kind: CallKind): void {
    this.metrics.knowCircuit(upstream, kind);
  }

  changed(upstream: string, kind: CallKind, to: CircuitState): void {
    this.metrics.changed(upstream, kind, to);
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
