import type { CallContext } from '../domain/call-context.js';

/** Maximum number of requests that are named. */
const NAMED = 5;
/** Maximum number of routes that are listed; requests of other routes are in the sum only. */
const MAX_ROUTES = 50;

/** A request that a drain waits for. */
interface WaitedFor {
  readonly request_id: string;
  readonly route: string;
  readonly stage: string;
  /** Empty when it has not reached one. */
  readonly upstream: string;
  readonly age_ms: number;
}

/** Requests that a drain waits for: how many by route and stage, and the oldest of them. */
export interface DrainProgress {
  readonly in_flight: number;
  readonly oldest_ms: number;
  readonly routes: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly oldest: readonly WaitedFor[];
}

/**
 * Summarizes the requests in flight.
 * @param now in `performance.now()` ms.
 */
export function drainProgress(inFlight: Iterable<CallContext>, now: number): DrainProgress {
  const calls = [...inFlight].toSorted((a, b) => a.startedAt - b.startedAt);
  const oldest = calls.slice(0, NAMED).map((call) => describe(call, now));
  return { in_flight: calls.length, oldest_ms: oldest[0]?.age_ms ?? 0, routes: countByStage(calls), oldest };
}

function describe({ requestId, routeLabel, stage, method, startedAt }: CallContext, now: number): WaitedFor {
  const age = Math.round(now - startedAt);
  return { request_id: requestId, route: routeLabel, stage, upstream: method?.upstream ?? '', age_ms: age };
}

function countByStage(calls: readonly CallContext[]): Record<string, Record<string, number>> {
  const routes = new Map<string, Map<string, number>>();
  for (const { routeLabel, stage } of calls) {
    let stages = routes.get(routeLabel);
    if (stages === undefined) {
      if (routes.size >= MAX_ROUTES) continue;
      routes.set(routeLabel, (stages = new Map()));
    }
    stages.set(stage, (stages.get(stage) ?? 0) + 1);
  }
  return Object.fromEntries([...routes].map(([route, stages]) => [route, Object.fromEntries(stages)]));
}
