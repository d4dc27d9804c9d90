import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const PROPAGATION_SECONDS = [0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Metrics of revoked credentials. */
export class RevocationMetrics {
  readonly entries: Gauge<'kind'>;
  readonly propagation: Histogram;
  readonly published: Counter<'outcome'>;
  readonly lookups: Counter<'outcome'>;
  readonly unreadable: Counter;
  readonly truncated: Counter;
  readonly feedGaps: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    this.entries = new Gauge({
      name: 'gateway_revocation_entries',
      help: 'Revoked tokens, and owners with a minimum token version, in memory.',
      labelNames: ['kind'],
      registers,
    });
    this.propagation = new Histogram({
      name: 'gateway_revocation_propagation_seconds',
      help: 'Time from the entry of a revocation into Redis until it takes effect in this instance.',
      buckets: PROPAGATION_SECONDS,
      registers,
    });
    this.published = new Counter({
      name: 'gateway_revocations_published_total',
      help: 'Tokens revoked through this instance: written to Redis immediately, or deferred until Redis is back.',
      labelNames: ['outcome'],
      registers,
    });
    this.lookups = new Counter({
      name: 'gateway_revocation_lookups_total',
      help: 'Credentials looked up in Redis because more are revoked than memory may hold.',
      labelNames: ['outcome'],
      registers,
    });
    this.unreadable = new Counter({
      name: 'gateway_revocation_unreadable_total',
      help: 'Records in Redis that do not have the documented form.',
      registers,
    });
    this.truncated = new Counter({
      name: 'gateway_revocation_store_truncated_total',
      help: 'Number of times that Redis had lost revoked tokens, which were restored from memory.',
      registers,
    });
    this.feedGaps = new Counter({
      name: 'gateway_revocation_feed_gaps_total',
      help: 'Number of times that the revocation feed dropped entries before they were read, so that the whole set was read again.',
      registers,
    });
    for (const kind of ['token', 'version']) this.entries.set({ kind }, 0);
    for (const outcome of ['published', 'deferred']) this.published.inc({ outcome }, 0);
    for (const outcome of ['revoked', 'clear', 'unavailable']) this.lookups.inc({ outcome }, 0);
  }
}
