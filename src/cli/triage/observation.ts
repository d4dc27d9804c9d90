import { setTimeout as wait } from 'node:timers/promises';
import type { AdminClient } from '../admin-client.js';
import { FetchFailure, fetchBounded } from '../fetch-bounded.js';
import type { CheckLine } from '../doctor/check-line.js';
import { MetricsChange, MetricsSnapshot } from './metrics-snapshot.js';

/** Upstream in the response of `GET /admin/upstreams`. */
export interface ShownUpstream {
  readonly upstream: string;
  readonly timeoutMs?: number;
  readonly health?: string | null;
  readonly endpoints?: readonly { readonly state: string; readonly lastFailure: { readonly reason: string } | null }[];
  readonly contract?: { readonly differences: readonly string[] };
}

/** Failed request in the response of `GET /admin/errors`. */
export interface ShownError {
  readonly id: string;
  readonly code: string | null;
  readonly upstream: string | null;
  readonly cause: string | null;
  readonly endedAt: string;
}

/** Everything observed of a gateway and its dependencies within a few seconds. */
export interface Observation {
  readonly metrics: MetricsChange;
  /** Components and their problems from `/health`; empty when it does not respond. */
  readonly health: Readonly<Record<string, string>>;
  readonly upstreams: readonly ShownUpstream[];
  readonly errors: readonly ShownError[];
  /** Reason why the admin listener is not available; undefined when it is. */
  readonly adminFault: string | undefined;
  /** Probes from where this runs; empty without settings. */
  readonly probes: readonly CheckLine[];
}

export interface Sources {
  readonly admin: AdminClient;
  /** URL of the port with /metrics and /health. */
  readonly metricsUrl: string;
  /** Time between the two scrapes, in ms. */
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly probe: () => Promise<readonly CheckLine[]>;
}

/** Scrapes the metrics twice and probes in between. Rejects with FetchFailure when there are no metrics. */
export async function observeGateway(sources: Sources): Promise<Observation> {
  const { admin, metricsUrl, intervalMs, timeoutMs } = sources;
  const scrape = () => readMetrics(metricsUrl, timeoutMs);
  const startedAt = performance.now();
  const before = await scrape();
  const [probes] = await Promise.all([sources.probe(), wait(intervalMs)]);
  const [after, health, told] = await Promise.all([scrape(), readHealth(metricsUrl, timeoutMs), askAdmin(admin)]);
  return {
    metrics: new MetricsChange(before, after, (performance.now() - startedAt) / 1000),
    health,
    ...told,
    probes,
  };
}

async function readMetrics(url: string, timeoutMs: number): Promise<MetricsSnapshot> {
  const { href } = new URL('/metrics', url);
  const { status, body } = await fetchBounded(href, { timeoutMs });
  const snapshot = new MetricsSnapshot(body.toString('utf8'));
  if (status === 200 && snapshot.has('gateway_build_info')) return snapshot;
  throw new FetchFailure(
    `${href} responded ${status} without metrics: compare --metrics, OPS_PORT, ENABLE_METRICS`,
    status,
  );
}

async function askAdmin(admin: AdminClient): Promise<Pick<Observation, 'upstreams' | 'errors' | 'adminFault'>> {
  try {
    const [upstreams, errors] = await Promise.all([admin.json('/admin/upstreams'), admin.json('/admin/errors')]);
    return {
      upstreams: listIn<ShownUpstream>(upstreams, 'upstreams'),
      errors: listIn<ShownError>(errors, 'errors'),
      adminFault: undefined,
    };
  } catch (error) {
    if (!(error instanceof FetchFailure)) throw error;
    return { upstreams: [], errors: [], adminFault: error.message };
  }
}

async function readHealth(url: string, timeoutMs: number): Promise<Observation['health']> {
  try {
    const { body } = await fetchBounded(new URL('/health', url).href, { timeoutMs });
    const { checks } = JSON.parse(body.toString('utf8')) as { checks?: Record<string, string> };
    return checks ?? {};
  } catch {
    return {};
  }
}

function listIn<T>(value: unknown, member: string): readonly T[] {
  const list = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[member] : undefined;
  return Array.isArray(list) ? (list as T[]) : [];
}
