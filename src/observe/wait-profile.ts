import type { CallContext } from '../domain/call-context.js';

/** Kinds of waits times routes that are kept apart; those beyond are counted as one. */
const MAX_PLACES = 1_000;
const OTHERS = '_other';
/** What takes less is the way through the code, not a wait. */
const SHORTEST_MS = 0.1;

/** What requests waited for, all together since the start. */
export interface WaitTotals {
  /** `permit`, `connection`, `rate limit`, `single flight`. */
  readonly kind: string;
  /** Whose: an upstream, or the work that was shared. */
  readonly of: string;
  /** Empty where it is not known. */
  readonly route: string;
  readonly count: number;
  readonly totalMs: number;
  readonly maxMs: number;
}

/** Adds up the waits inside of the gateway. Knows what each request has noted when it ends, so a request that waits still is not in it. */
export class WaitProfile {
  private readonly places = new Map<string, { -readonly [K in keyof WaitTotals]: WaitTotals[K] }>();

  private ended = 0;

  /** @param fraction of so many requests that waited one is counted, for all of them; 0: none. */
  constructor(private readonly fraction: number) {}

  /** Takes the waits of a request that has ended. */
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

  /** Takes one wait. */
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
