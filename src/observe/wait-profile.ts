import type { CallContext } from '../domain/call-context.js';

/** Maximum number of combinations of wait and route; others are counted as one. */
const MAX_PLACES = 1_000;
const OTHERS = '_other';
/** Shorter times are execution, not waiting. */
const SHORTEST_MS = 0.1;

/** Waits of requests added up since the start. */
export interface WaitTotals {
  /** Kind of wait: `permit`, `connection`, `rate limit`, `single flight`. */
  readonly kind: string;
  /** Subject of the wait: an upstream, or the shared work. */
  readonly of: string;
  /** Empty where it is not known. */
  readonly route: string;
  readonly count: number;
  readonly totalMs: number;
  readonly maxMs: number;
}

/**
 * Adds up the waits of requests inside the gateway. A request contributes when it ends, so one that still waits is
 * not included.
 */
export class WaitProfile {
  private readonly places = new Map<string, { -readonly [K in keyof WaitTotals]: WaitTotals[K] }>();

  private ended = 0;

  /** @param fraction samples one in so many waiting requests, and counts it for all of them; 0 samples none. */
  constructor(private readonly fraction: number) {}

  /** Adds the waits of a finished request. */
  take(call: CallContext): void {
    const { queueMs, rateLimitMs, upstream, authWait } = call;
    const waitedMs = queueMs + rateLimitMs + (upstream?.connectMs ?? 0) + (authWait?.connectMs ?? 0);
    if (this.fraction === 0 || waitedMs < SHORTEST_MS) return;
    this.ended += 1;
    if (this.ended % this.fraction === 0) this.addWaits(call);
  }

  private addWaits({ routeLabel, method, queueMs, rateLimitMs, upstream, authWait }: CallContext): void {
    const of = method?.upstream ?? '';
    if (queueMs > 0) this.add('permit', of, routeLabel, queueMs);
    if (rateLimitMs > 0) this.add('rate limit', 'redis', routeLabel, rateLimitMs);
    if (upstream !== undefined && upstream.connectMs > 0) this.add('connection', of, routeLabel, upstream.connectMs);
    if (authWait !== undefined && authWait.connectMs > 0)
      this.add('connection', 'auth', routeLabel, authWait.connectMs);
  }

  /** Adds one wait. */
  add(kind: string, of: string, route: string, ms: number): void {
    const key = `${kind} ${of} ${route}`;
    let place = this.places.get(key);
    if (place === undefined) {
      const isFull = this.places.size >= MAX_PLACES;
      if (isFull && route !== OTHERS) return this.add(kind, of, OTHERS, ms);
      if (isFull && of !== OTHERS) return this.add(kind, OTHERS, OTHERS, ms);
      place = { kind, of, route, count: 0, totalMs: 0, maxMs: 0 };
      this.places.set(key, place);
    }
    place.count += this.fraction;
    place.totalMs += ms * this.fraction;
    place.maxMs = Math.max(place.maxMs, ms);
  }

  totals(): WaitTotals[] {
    return [...this.places.values()];
  }
}
