import type { Observation } from './observation.js';
import type { Suspicion } from './suspicion.js';

const RECENT_SECONDS = 900;

/** Answers the five questions of a troubleshooting session, in the order that finds most causes first. */
export function fiveAnswers(observation: Observation, suspicions: readonly Suspicion[]): string[][] {
  return [
    ['1 backends', backends(observation, suspicions)],
    ['2 traffic', traffic(observation)],
    ['3 resources', resources(observation)],
    ['4 changes', changes(observation)],
    ['5 traces', traces(observation)],
  ];
}

function backends({ metrics: { after } }: Observation, suspicions: readonly Suspicion[]): string {
  const named = suspicions.filter(({ subject }) => /^upstream |^circuit |^redis$|^jwks$/.test(subject));
  if (named.length > 0) return named.map(({ subject, condition }) => `${subject} ${condition}`).join(', ');
  const all = after.values('gateway_upstream_up', 'upstream');
  return all.length === 0 ? 'unknown' : `${all.join(', ')}: serving`;
}

function traffic({ metrics }: Observation): string {
  const { seconds, after } = metrics;
  const requests = metrics.increase('http_requests_total');
  const failed = after
    .values('http_requests_total', 'status')
    .filter((status) => status.startsWith('5'))
    .reduce((sum, status) => sum + metrics.increase('http_requests_total', { status }), 0);
  const denied = metrics.increase('http_requests_total', { status: '429' });
  const rate = (requests / seconds).toFixed(1);
  return `${rate} requests/s, ${failed} of ${requests} were 5xx, ${denied} were 429; ${after.sum('gateway_in_flight_requests')} in flight`;
}

function resources({ metrics: { after } }: Observation): string {
  const mib = (name: string) => `${Math.round(after.sum(name) / 1024 ** 2)}MiB`;
  const lag = Math.round(after.sum('nodejs_eventloop_lag_p99_seconds') * 1000);
  return `event loop lag ${lag}ms (p99), heap ${mib('nodejs_heap_size_used_bytes')}, memory ${mib('process_resident_memory_bytes')}, ${after.sum('process_open_fds')} open files`;
}

function changes({ metrics: { after } }: Observation): string {
  const [build] = after.series('gateway_build_info');
  const startedAt = after.sum('process_start_time_seconds');
  const upSeconds = Math.round(Date.now() / 1000 - startedAt);
  const drifted = after.series('gateway_contract_drift').filter(({ value }) => value > 0);
  const parts = [
    `version ${build?.labels['version'] ?? 'unknown'}`,
    startedAt === 0 ? 'start unknown' : `started ${upSeconds}s ago`,
    ...(startedAt > 0 && upSeconds < RECENT_SECONDS ? ['check the latest release'] : []),
    ...drifted.map(({ labels, value }) => `${labels['upstream']} differs from its contract in ${value} places`),
  ];
  return parts.join(', ');
}

function traces({ errors: [last], adminFault }: Observation): string {
  if (adminFault !== undefined) return 'unknown: the admin listener is not available';
  if (last === undefined) return 'no recent failures';
  const where = last.upstream === null ? '' : ` at ${last.upstream}`;
  return `last failure ${last.code ?? ''}${where}: gateway explain --url <admin> ${last.id}`;
}
