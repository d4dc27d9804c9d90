import type { CallContext } from '../../../domain/call-context.js';
import type { InFlightRegistry } from '../../../observe/in-flight.js';
import { shownMs } from './shown-time.js';

/** Requests of one route in one stage. */
interface Group {
  readonly route: string;
  readonly stage: string;
  readonly upstream: string | null;
  count: number;
  oldestMs: number;
  totalMs: number;
}

/**
 * Shows the requests in flight, grouped and as a list, the oldest first.
 * @param limit maximum number of entries of the list.
 */
export function showInFlight(inFlight: InFlightRegistry, limit: number): object {
  const now = performance.now();
  // Requests are registered in the order of their arrival.
  const oldest = [...inFlight].slice(0, limit);
  return {
    count: inFlight.size,
    streams: [...inFlight].filter(isStream).length,
    groups: groupInFlight(inFlight, now),
    requests: oldest.map((call) => describe(call, now)),
    notListed: inFlight.size - oldest.length,
  };
}

/** Counts requests by route, stage and upstream, the largest groups first. */
export function groupInFlight(inFlight: InFlightRegistry, now: number): object[] {
  const groups = new Map<string, Group>();
  for (const { routeLabel: route, stage, method, startedAt } of inFlight) {
    const key = `${route} ${stage}`;
    let group = groups.get(key);
    const upstream = method?.upstream ?? null;
    if (group === undefined) groups.set(key, (group = { route, stage, upstream, count: 0, oldestMs: 0, totalMs: 0 }));
    group.count += 1;
    group.totalMs += now - startedAt;
    group.oldestMs = Math.max(group.oldestMs, now - startedAt);
  }
  const sorted = [...groups.values()].sort((one, other) => other.count - one.count);
  return sorted.map(({ totalMs, oldestMs, ...rest }) => ({
    ...rest,
    oldestMs: shownMs(oldestMs),
    meanMs: shownMs(totalMs / rest.count),
  }));
}

function describe(call: CallContext, now: number): object {
  const { requestId, tenantId, routeLabel, stage, method, startedAt, upstream, deadlineAt, clientDeadlineAt } = call;
  // A stream has its own limits instead, unless its client set a deadline.
  const endsAt = isStream(call) ? clientDeadlineAt : deadlineAt;
  return {
    id: requestId,
    tenant: tenantId,
    route: routeLabel,
    stage,
    upstream: method?.upstream ?? null,
    rpc: method?.path ?? null,
    attempts: upstream?.attempts ?? 0,
    ageMs: shownMs(now - startedAt),
    deadlineInMs: Number.isFinite(endsAt) ? shownMs(endsAt - now) : null,
    isStream: isStream(call),
    bytesStreamed: call.bytesStreamed,
  };
}

function isStream({ method }: CallContext): boolean {
  return method?.kind === 'server_stream';
}
