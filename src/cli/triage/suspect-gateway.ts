import type { Observation } from './observation.js';
import type { Suspicion } from './suspicion.js';

const BUSY_LAG_SECONDS = 0.2;
const FULL_SHARE = 0.85;
const DENIED_SHARE = 0.2;

/** Traffic, resources and what was released: what is wrong when no backend is. */
export function suspectGateway(observation: Observation): Suspicion[] {
  return [...suspectTraffic(observation), ...suspectResources(observation), ...suspectRelease(observation)];
}

function suspectTraffic({ metrics }: Observation): Suspicion[] {
  const requests = metrics.increase('http_requests_total');
  const denied = metrics.increase('http_requests_total', { status: '429' });
  const shed = metrics.increase('gateway_requests_shed_total');
  const suspicions: Suspicion[] = [];
  if (shed > 0) {
    suspicions.push({
      subject: 'traffic',
      condition: 'overload',
      confidence: 'medium',
      evidence: [`${shed} requests were refused because the gateway had too much to do`],
      remedy: 'scale out, then look for the tenant or route that grew',
      runbook: 'runbooks/alerts/HighHttp5xxErrorRate.md',
    });
  }
  if (requests > 0 && denied / requests > DENIED_SHARE) {
    suspicions.push({
      subject: 'traffic',
      condition: 'rate_limited',
      confidence: 'medium',
      evidence: [`${denied} of ${requests} requests were above a rate limit`],
      remedy: 'GET /admin/limits shows whose they are',
      runbook: 'runbooks/alerts/GatewayRateLimitDenialSpike.md',
    });
  }
  return suspicions;
}

function suspectResources({ metrics: { after } }: Observation): Suspicion[] {
  const lag = after.sum('nodejs_eventloop_lag_p99_seconds');
  const share = (used: string, limit: string) => (after.sum(limit) === 0 ? 0 : after.sum(used) / after.sum(limit));
  const heap = share('nodejs_heap_size_used_bytes', 'nodejs_heap_size_limit_bytes');
  const memory = share('process_resident_memory_bytes', 'gateway_memory_limit_bytes');
  const files = share('process_open_fds', 'process_max_fds');
  const percent = (value: number) => `${Math.round(value * 100)} %`;
  const evidence = [
    ...(lag > BUSY_LAG_SECONDS ? [`the event loop lags by ${lag.toFixed(2)}s`] : []),
    ...(heap > FULL_SHARE ? [`the heap is full to ${percent(heap)}`] : []),
    ...(memory > FULL_SHARE ? [`the memory limit is used to ${percent(memory)}`] : []),
    ...(files > FULL_SHARE ? [`${percent(files)} of the files that may be open are`] : []),
  ];
  if (evidence.length === 0) return [];
  const runbook = 'runbooks/runbook-api-gateway.md';
  const remedy = 'scale out first; then gateway diag --profile shows what the processor and the memory are used for';
  return [{ subject: 'resources', condition: 'exhausted', confidence: 'medium', evidence, remedy, runbook }];
}

function suspectRelease({ upstreams }: Observation): Suspicion[] {
  return upstreams.flatMap(({ upstream, contract }): Suspicion[] => {
    const [first, ...rest] = contract?.differences ?? [];
    if (first === undefined) return [];
    const evidence = [`${first}${rest.length === 0 ? '' : ` and ${rest.length} more differences`}`];
    const remedy = 'mount the contract of the version that runs, or roll one of the two back';
    const runbook = 'docs/commands.md';
    return [{ subject: `upstream ${upstream}`, condition: 'drift', confidence: 'low', evidence, remedy, runbook }];
  });
}
