import { Counter, Histogram, type Registry } from 'prom-client';
import type { GuardrailOutcome, GuardrailPhase } from '../domain/call-context.js';

const PHASES: readonly GuardrailPhase[] = ['request', 'response', 'chunk'];
const OUTCOMES: readonly GuardrailOutcome[] = ['allowed', 'blocked', 'timeout', 'error', 'skipped'];
/** Buckets around the default budgets: 50 ms for messages of a stream, 1.5 s for the others. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2.5, 5];

/** Metrics of the checks of the guardrail. */
export class GuardrailMetrics {
  private readonly checks: Counter<'phase' | 'outcome'>;
  private readonly duration: Histogram<'phase'>;

  constructor(registry: Registry) {
    this.checks = new Counter({
      name: 'gateway_guardrail_checks_total',
      help: 'Checks by the guardrail: allowed, blocked, timeout, error, or skipped (not called).',
      labelNames: ['phase', 'outcome'],
      registers: [registry],
    });
    this.duration = new Histogram({
      name: 'gateway_guardrail_check_duration_seconds',
      help: 'Duration of one check by the guardrail; skipped checks are not counted.',
      labelNames: ['phase'],
      buckets: SECONDS,
      registers: [registry],
    });
    for (const phase of PHASES) {
      for (const outcome of OUTCOMES) this.checks.inc({ phase, outcome }, 0);
      this.duration.zero({ phase });
    }
  }

  checked(phase: GuardrailPhase, outcome: GuardrailOutcome, seconds: number): void {
    this.checks.inc({ phase, outcome });
    if (outcome !== 'skipped') this.duration.observe({ phase }, seconds);
  }
}
