import { Counter, Gauge, type Registry } from 'prom-client';

/** Number of connections to one upstream at a scrape, by their state. */
export interface UpstreamEndpoints {
  readonly upstream: string;
  readonly counts: Readonly<Record<string, number>>;
}

/** Metrics of the connections to upstreams. */
export class ConnectionMetrics {
  private readonly ejections: Counter<'upstream'>;
  private readonly tooManyPings: Counter<'upstream'>;

  constructor(private readonly registry: Registry) {
    const counter = (name: string, help: string) =>
      new Counter({ name, help, labelNames: ['upstream'], registers: [registry] });
    this.ejections = counter(
      'upstream_grpc_ejections_total',
      'Ejections of addresses that failed (outlier detection).',
    );
    this.tooManyPings = counter(
      'upstream_grpc_too_many_pings_total',
      'Connections closed by an upstream because of keepalive pings (ENHANCE_YOUR_CALM).',
    );
  }

  /** Creates the label sets of an upstream at startup. */
  initialize(upstream: string): void {
    this.ejections.inc({ upstream }, 0);
    this.tooManyPings.inc({ upstream }, 0);
  }

  ejected(upstream: string): void {
    this.ejections.inc({ upstream });
  }

  pingedTooOften(upstream: string): void {
    this.tooManyPings.inc({ upstream });
  }

  /** Reads the states of connections at each scrape. */
  watch(endpoints: () => Iterable<UpstreamEndpoints>): void {
    new Gauge({
      name: 'upstream_grpc_endpoints',
      help: 'Connections to an upstream: ready, ejected (temporarily without calls), or connecting.',
      labelNames: ['upstream', 'state'],
      registers: [this.registry],
      collect() {
        for (const { upstream, counts } of endpoints()) {
          for (const [state, count] of Object.entries(counts)) this.set({ upstream, state }, count);
        }
      },
    });
  }
}
