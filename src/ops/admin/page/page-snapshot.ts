import { getHeapStatistics } from 'node:v8';
import type { GatewayConfig } from '../../../config/gateway-config.js';
import type { Observation } from '../../../observe/observe.module.js';
import type { RecentRequest, RecentRequests } from '../../../observe/recent-requests.js';
import { VERSION } from '../../../version.js';
import { showCaches } from '../state/show-caches.js';
import { groupInFlight } from '../state/show-inflight.js';
import { type LimitSources, topTenants } from '../state/show-limits.js';
import { describeRequest } from '../state/show-requests.js';
import { showUpstreams, type UpstreamSources } from '../state/show-upstreams.js';
import { shownTime } from '../state/shown-time.js';
import { latencyByRoute } from './route-latency.js';
import { runbookPage } from './runbook-pages.js';

const MAX_GROUPS = 50;
const MAX_TENANTS = 10;
const MAX_TRANSITIONS = 20;

/** Sources of the state on the page. */
export interface PageSources {
  readonly config: GatewayConfig;
  readonly observation: Observation;
  readonly recent: RecentRequests;
  readonly upstreams: UpstreamSources;
  readonly limits: LimitSources;
  readonly transitions: () => readonly { readonly at: number }[];
}

/** Reads everything that the live page shows. */
export class PageSnapshot {
  private lastUse = performance.eventLoopUtilization();

  constructor(private readonly sources: PageSources) {}

  async read(): Promise<object> {
    const { config, observation, recent, upstreams, limits, transitions } = this.sources;
    const { inFlight, drain, metrics } = observation;
    const requests = recent.last();
    return {
      at: shownTime(Date.now()),
      runbooksUrl: config.admin?.runbooksUrl ?? null,
      process: {
        ...this.process(),
        draining: drain.draining,
        environment: config.environment,
        instance: config.instance,
      },
      ...showUpstreams(upstreams),
      transitions: transitions()
        .slice(-MAX_TRANSITIONS)
        .toReversed()
        .map(({ at, ...rest }) => ({ at: shownTime(at), ...rest })),
      requests: { kept: requests.length, since: oldest(requests), routes: latencyByRoute(requests) },
      inFlight: { count: inFlight.size, groups: groupInFlight(inFlight, performance.now()).slice(0, MAX_GROUPS) },
      admission: limits.admission.report(),
      tenants: {
        dryRun: limits.limiter.dryRun,
        top: topTenants(limits.limiter).slice(0, MAX_TENANTS),
        denied: await limits.rateLimits.mostDenied(MAX_TENANTS),
      },
      cache: await showCaches(config, metrics.registry),
      degraded: (await metrics.degraded.get()).values.flatMap(({ labels, value }) =>
        value === 1 ? labels.component : [],
      ),
      errors: recent.lastErrors().map(describeError),
    };
  }

  /** Returns the state of the process. Event loop utilization is measured since the last snapshot. */
  private process(): object {
    const use = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(use, this.lastUse);
    this.lastUse = use;
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
    return {
      version: VERSION,
      uptimeMs: Math.round(process.uptime() * 1_000),
      heapPercent: Math.round((100 * used) / limit),
      eventLoopPercent: Math.round(100 * utilization),
    };
  }
}

function oldest(requests: readonly RecentRequest[]): string | null {
  const last = requests.at(-1);
  return last === undefined ? null : shownTime(last.at);
}

function describeError(request: RecentRequest): object {
  return { ...describeRequest(request), runbook: runbookPage(request.error?.code, request.upstreamName) };
}
