import { Counter, Gauge, type Registry } from 'prom-client';

/** Reasons of failed TLS handshakes. `not_tls` is mostly HTTP without encryption. */
const HANDSHAKE_FAILURES = ['timeout', 'closed', 'not_tls', 'no_agreement', 'client_certificate', 'other'] as const;
export type HandshakeFailure = (typeof HANDSHAKE_FAILURES)[number];

/** Metrics of TLS towards clients, and of the worker processes behind one port. */
export class ListenerMetrics {
  readonly workers: Gauge;
  readonly workerEnds: Counter;
  private readonly handshakes: Counter<'reason'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.workers = new Gauge({
      name: 'gateway_workers',
      help: 'Worker processes (GATEWAY_WORKERS).',
      registers,
    });
    this.workerEnds = new Counter({
      name: 'gateway_worker_ends_total',
      help: 'Workers that ended; each is replaced, except during a shutdown.',
      registers,
    });
    this.handshakes = new Counter({
      name: 'gateway_tls_handshake_failures_total',
      help: 'Failed TLS handshakes of clients, by reason.',
      labelNames: ['reason'],
      registers,
    });
    this.workers.set(1);
    for (const reason of HANDSHAKE_FAILURES) this.handshakes.inc({ reason }, 0);
  }

  handshakeFailed(reason: HandshakeFailure): void {
    this.handshakes.inc({ reason });
  }
}
