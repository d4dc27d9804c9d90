import { Counter, Gauge, type Registry } from 'prom-client';

/** What became of a reload. `refused`: a set with mistakes; `draining`: nothing was read, since the process is about to end. */
export type ReloadOutcome = 'applied' | 'refused' | 'draining';

const OUTCOMES: readonly ReloadOutcome[] = ['applied', 'refused', 'draining'];

/** Whether the settings and contracts in force are those that were read last. */
export class ReloadMetrics {
  private readonly reloads: Counter<'outcome'>;
  private readonly successful: Gauge;
  private readonly succeededAt: Gauge;

  constructor(registry: Registry) {
    this.reloads = new Counter({
      name: 'gateway_reloads_total',
      help: 'Reloads of settings, contracts and keys: applied, refused (mistakes in them), or not begun while draining.',
      labelNames: ['outcome'],
      registers: [registry],
    });
    this.successful = new Gauge({
      name: 'gateway_config_last_reload_successful',
      help: '0 while the last reload was refused, and older settings and contracts are in force than those that are mounted.',
      registers: [registry],
    });
    this.succeededAt = new Gauge({
      name: 'gateway_config_last_reload_success_timestamp_seconds',
      help: 'When the settings and contracts in force were read: at the last applied reload, or at the start.',
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
