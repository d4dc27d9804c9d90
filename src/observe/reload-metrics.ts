import { Counter, Gauge, type Registry } from 'prom-client';

/**
 * Outcome of a reload. `refused`: the new settings or contracts contain mistakes; `draining`: nothing was read, since
 * the process is about to end.
 */
export type ReloadOutcome = 'applied' | 'refused' | 'draining';

const OUTCOMES: readonly ReloadOutcome[] = ['applied', 'refused', 'draining'];

/** Metrics of reloads: whether the settings and contracts in force are the ones read last. */
export class ReloadMetrics {
  private readonly reloads: Counter<'outcome'>;
  private readonly successful: Gauge;
  private readonly succeededAt: Gauge;

  constructor(registry: Registry) {
    this.reloads = new Counter({
      name: 'gateway_reloads_total',
      help: 'Reloads of settings, contracts and keys: applied, refused (they contain mistakes), or draining (not begun).',
      labelNames: ['outcome'],
      registers: [registry],
    });
    this.successful = new Gauge({
      name: 'gateway_config_last_reload_successful',
      help: '0 after a refused reload: settings and contracts older than the mounted ones are in force.',
      registers: [registry],
    });
    this.succeededAt = new Gauge({
      name: 'gateway_config_last_reload_success_timestamp_seconds',
      help: 'Unix time at which the settings and contracts in force were read: at the last applied reload, or at startup.',
      registers: [registry],
    });
    for (const outcome of OUTCOMES) this.reloads.inc({ outcome }, 0);
    this.successful.set(1);
    this.succeededAt.setToCurrentTime();
  }

  count(outcome: ReloadOutcome): void {
    this.reloads.inc({ outcome });
    if (outcome === 'draining') return;
    this.successful.set(outcome === 'applied' ? 1 : 0);
    if (outcome === 'applied') this.succeededAt.setToCurrentTime();
  }
}
