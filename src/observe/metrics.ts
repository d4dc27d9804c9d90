import { Counter, Gauge, Histogram, type Metric, Registry } from 'prom-client';
import type { CallContext } from '../domain/call-context.js';
import { DECISION_REASONS } from '../domain/decision-reason.js';
import { CONNECTION_FAILURES, type ConnectionFailure } from '../domain/upstream-measure.js';
import { registerAliases } from './alias-metrics.js';
import { AuthMetrics } from './auth-metrics.js';
import { BoundedMetrics } from './bounded-metrics.js';
import { CacheMetrics } from './cache-metrics.js';
import { ConnectionMetrics } from './connection-metrics.js';
import { InfoMetrics } from './info-metrics.js';
import { CellMap, CounterCell, HistogramCell } from './metric-cells.js';
import { CompressionMetrics } from './compression-metrics.js';
import { GuardrailMetrics } from './guardrail-metrics.js';
import { ListenerMetrics } from './listener-metrics.js';
import { OutboxMetrics } from './outbox-metrics.js';
import { registerProcessMetrics } from './process-metrics.js';
import { ProtectionMetrics } from './protection-metrics.js';
import { RateLimitMetrics } from './rate-limit-metrics.js';
import { ReloadMetrics } from './reload-metrics.js';
import { RequestMetrics } from './request-metrics.js';
import { RevocationMetrics } from './revocation-metrics.js';
import { StreamMetrics } from './stream-metrics.js';

const HTTP_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const AUTH_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];

/** Figures kept elsewhere that are read at each scrape. */
export interface MetricSources {
  readonly inFlight: Iterable<CallContext> & { readonly size: number };
  readonly droppedLines: () => number;
}

/** Holds all metrics of the gateway. Each application has its own registry, so that two can run in one process. */
export class GatewayMetrics {
  readonly registry = new Registry();
  /** Writes the merged metrics of all workers instead of those of this process; undefined without workers. */
  ofAllWorkers: ((isOpen: boolean) => Promise<string>) | undefined;
  readonly protection = new ProtectionMetrics(this.registry);
  readonly revocation = new RevocationMetrics(this.registry);
  readonly rateLimits = new RateLimitMetrics(this.registry);
  readonly auth = new AuthMetrics(this.registry);
  readonly caches = new CacheMetrics(this.registry);
  readonly connections = new ConnectionMetrics(this.registry);
  readonly compression = new CompressionMetrics(this.registry);
  readonly guardrail = new GuardrailMetrics(this.registry);
  readonly outbox = new OutboxMetrics(this.registry);
  readonly bounded = new BoundedMetrics(this.registry);
  readonly info = new InfoMetrics(this.registry);
  readonly reloads = new ReloadMetrics(this.registry);
  readonly listener = new ListenerMetrics(this.registry);
  readonly requests: RequestMetrics;
  readonly streams: StreamMetrics;

  readonly httpRequests = this.counter('http_requests_total', 'HTTP requests answered.', ['method', 'path', 'status']);
  readonly httpDuration = this.histogram(
    'gateway_http_request_duration_seconds',
    'Time from the first byte of a request to the last byte of its response.',
    ['method', 'path', 'status_class'],
    HTTP_SECONDS,
  );
  readonly authDuration = this.histogram(
    'gateway_auth_duration_seconds',
    'Time to authenticate and authorize a request.',
    [],
    AUTH_SECONDS,
  );
  readonly authDecisions = this.counter('gateway_auth_decisions_total', 'Authorization decisions.', [
    'outcome',
    'decision_reason',
  ]);
  readonly ssoLogins = this.counter('gateway_sso_logins_total', 'Sign-ins of browsers at an identity provider.', [
    'provider',
    'outcome',
  ]);
  readonly upstreamRequests = this.counter('upstream_grpc_requests_total', 'Attempts at a gRPC call.', [
    'upstream',
    'method',
    'code',
  ]);
  readonly upstreamErrors = this.counter(
    'upstream_grpc_errors_total',
    'Attempts that ended with a code other than OK.',
    ['upstream', 'method', 'code'],
  );
  readonly upstreamDuration = this.histogram(
    'upstream_grpc_request_duration_seconds',
    'Time of one attempt at a gRPC call.',
    ['upstream', 'method'],
    HTTP_SECONDS,
  );
  readonly connectionFailures = this.counter(
    'upstream_grpc_connection_failures_total',
    'Attempts that found no connection to the upstream.',
    ['upstream', 'reason'],
  );
  readonly upstreamUp = this.gauge('gateway_upstream_up', 'Result of the last health check: 1 means serving.', [
    'upstream',
  ]);
  readonly contractDrift = this.gauge(
    'gateway_contract_drift',
    'Differences between the mounted contract and that of the backend; absent for a backend without reflection.',
    ['upstream'],
  );
  readonly alerts = this.counter(
    'gateway_alerts_total',
    'Alerts to the webhook: sent, failed (no response, or not 2xx), dropped (queue full).',
    ['outcome'],
  );
  readonly adminActions = this.counter(
    'gateway_admin_actions_total',
    'Calls to the admin listener: ok, refused (4xx), failed (5xx).',
    ['outcome'],
  );
  readonly adminRestarts = this.counter(
    'gateway_admin_listener_restarts_total',
    'Restarts of the thread of the admin listener.',
    [],
  );
  readonly connectionsRefused = this.counter(
    'gateway_client_connections_refused_total',
    'Client connections closed on arrival because of GATEWAY_MAX_CONNECTIONS (limit), and seconds without a free file descriptor (file_descriptors).',
    ['reason'],
  );
  readonly stalledClients = this.counter(
    'gateway_stalled_clients_total',
    'Connections closed because their client did not read its response for too long.',
    [],
  );
  readonly degraded = this.gauge('gateway_degraded', '1 while a component is impaired.', ['component']);
  readonly draining = this.gauge(
    'gateway_draining',
    '1 from SIGTERM, or POST /admin/drain, until the process ends.',
    [],
  );

  /** Requests by path, method and status; durations by path, method and class; decisions by reason and outcome. */
  readonly requestCells = new CellMap(
    (path, method, status) => new CounterCell(this.httpRequests, { method, path, status }),
  );
  readonly durationCells = new CellMap(
    (path, method, status_class) => new HistogramCell(this.httpDuration, { method, path, status_class }),
  );
  readonly decisionCells = new CellMap(
    (decision_reason, outcome) => new CounterCell(this.authDecisions, { outcome, decision_reason }),
  );
  readonly authDurationCell = new HistogramCell(this.authDuration);
  private readonly attempts = new CellMap((upstream, method, code) => this.attemptCells(upstream, method, code));

  constructor(sources: MetricSources) {
    const inFlight = () => sources.inFlight.size;
    this.requests = new RequestMetrics(this.registry, () => sources.inFlight);
    this.streams = new StreamMetrics(this.registry, () => sources.inFlight);
    registerProcessMetrics(this.registry);
    registerAliases(this.registry, { duration: this.httpDuration, inFlight });
    new Gauge({
      name: 'gateway_in_flight_requests',
      help: 'Unfinished requests.',
      registers: [this.registry],
      collect() {
        this.set(inFlight());
      },
    });
    new Counter({
      name: 'gateway_log_lines_dropped_total',
      help: 'Log lines lost because nobody read standard output.',
      registers: [this.registry],
      collect() {
        this.reset();
        this.inc(sources.droppedLines());
      },
    });
    this.draining.set(0);
    this.stalledClients.inc(0);
    for (const reason of ['limit', 'file_descriptors']) this.connectionsRefused.inc({ reason }, 0);
    for (const outcome of ['sent', 'failed', 'dropped']) this.alerts.inc({ outcome }, 0);
    for (const outcome of ['ok', 'refused', 'failed']) this.adminActions.inc({ outcome }, 0);
    for (const reason of DECISION_REASONS) this.authDecisions.inc({ outcome: 'deny', decision_reason: reason }, 0);
  }

  /** Creates the label sets of failures to connect to an upstream at startup. */
  knowUpstream(upstream: string): void {
    for (const reason of CONNECTION_FAILURES) this.connectionFailures.inc({ upstream, reason }, 0);
  }

  /** Records one attempt at an upstream. */
  attempt(upstream: string, method: string, code: string, seconds: number): void {
    const { requests, errors, duration } = this.attempts.of(upstream, method, code);
    requests.inc();
    errors?.inc();
    duration.observe(seconds);
  }

  /** Counts an attempt beyond the first of a call. */
  retry(upstream: string, method: string): void {
    this.protection.retried(upstream, method);
  }

  /** Counts an attempt that failed before it reached the backend. */
  connectionFailure(upstream: string, reason: ConnectionFailure): void {
    this.connectionFailures.inc({ upstream, reason });
  }

  private attemptCells(upstream: string, method: string, code: string | number) {
    const labels = { upstream, method, code };
    return {
      requests: new CounterCell(this.upstreamRequests, labels),
      errors: code === 'OK' ? undefined : new CounterCell(this.upstreamErrors, labels),
      duration: new HistogramCell(this.upstreamDuration, { upstream, method }),
    };
  }

  private counter<T extends string>(name: string, help: string, labelNames: T[]): Counter<T> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  private gauge<T extends string>(name: string, help: string, labelNames: T[]): Gauge<T> {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }

  /**
   * Creates a histogram with room for one exemplar per bucket: an observation with its trace. It is registered
   * afterwards, since prom-client allows exemplars for OpenMetrics registries only; the text format leaves them out.
   */
  private histogram<T extends string>(name: string, help: string, labelNames: T[], buckets: number[]): Histogram<T> {
    const histogram = new Histogram({ name, help, labelNames, buckets, registers: [], enableExemplars: true });
    this.registry.registerMetric(histogram as Histogram<string> as Metric);
    return histogram;
  }
}
