import type { LoadConfig } from '../../config/schema/load-settings.js';
import type { CallContext } from '../../domain/call-context.js';
import { GatewayError } from '../../domain/errors.js';
import { BodyMemory, defaultBodyMemory } from './body-memory.js';
import { PRIORITIES, type Priority } from './priority.js';

/** Load of this process. */
export interface Pressure {
  /** 90th percentile since the last measurement, in ms. Single pauses are normal and are not load. */
  readonly eventLoopDelayMs: number;
  /** Used share of the heap limit, in percent. */
  readonly heapPercent: number;
  /** Resident memory as a percentage of what the process may use; includes bodies, which lie outside of the heap. */
  readonly memoryPercent: number;
  /** Time since the last measurement, in ms; measurements of a lagging process are late. */
  readonly sinceLastMs: number;
}

/** Limit that refused a request. `tenant_share`: of the open streams of a tenant; `body_memory`: of all bodies in flight. */
export type RefusalReason = 'concurrency' | 'pressure' | 'tenant_share' | 'body_memory';

/** Receives the events of admission for metrics and the log. */
export interface AdmissionObserver {
  refused(priority: Priority, reason: RefusalReason): void;
  /** Called when the limit falls below the configured one, and when it is back there. */
  pressed(isPressed: boolean, reason: string): void;
}

/** Requests in progress, compared with the limit. */
export interface AdmissionReport {
  readonly inFlight: number;
  /** Requests in progress without streams, which the reduced limit does not count. */
  readonly active: number;
  readonly limit: number;
  readonly configuredLimit: number;
  /** True while the limit is below the configured one because the process is under pressure. */
  readonly isReduced: boolean;
}

/** Lowest limit under pressure: this few requests are not the cause of the pressure. */
const MIN_LIMIT = 64;
/** Measurements under pressure in a row before the limit is lowered: a single one may be a garbage collection. */
const LOOKS_BEFORE_LESS = 2;
const LESS = 0.8;
const MORE = 1.1;
/** Weight of the best response rate at the next measurement. */
const REMEMBERED = 0.98;

/** Share of a lowered limit up to which each priority is admitted: the least important is refused first. */
const SHARES: Readonly<Record<Priority, number>> = { health: Infinity, auth: 1, read: 0.9, write: 0.75, ai: 0.5 };

const RETRY_AFTER_SECONDS = 1;

/** Shared by all refused requests, since an overloaded process must not create a stack trace for each. */
const OVERLOADED = overloaded('service unavailable: the gateway is overloaded.');
const SHARE_TAKEN = overloaded('service unavailable: the tenant has too many open streams.');

/**
 * Limits concurrent requests. The configured limit applies while the process is healthy. When its event loop lags or
 * its memory fills, the limit is lowered step by step, and raised again as soon as the pressure is over, so that
 * admitted requests are also answered. Streams spend most of their time waiting and count against the configured
 * limit only; since they last, the streams of one tenant are limited to a share of it.
 *
 * For a lagging event loop the limit is never lowered below what the process answers within the allowed delay (Little's
 * law). One turn of the loop reads everything from all sockets, and permits are released in the next one: with fewer
 * permits, the rest of a turn would be refusals, which make the loop lag too, and hardly any request would be answered.
 */
export class Admission {
  private total = 0;
  private active = 0;
  private peak = 0;
  private badLooks = 0;
  /** Requests answered without an error since the last measurement. */
  private answered = 0;
  /** Highest recent number of responses per second. */
  private bestRate = 0;
  private leastWaitMs = Infinity;
  private limit: number;
  /** The configured limit when the settings were last read. */
  private configured: number;
  private readonly limits = new Map<Priority, number>();
  /** Number of open streams by tenant; tenants without streams are not in it. */
  private readonly streams = new Map<string, number>();

  constructor(
    private readonly settings: LoadConfig,
    private readonly observer: AdmissionObserver,
    readonly bodies = new BodyMemory(settings.maxBodyMemoryBytes ?? defaultBodyMemory()),
  ) {
    this.limit = this.configured = settings.maxConcurrentRequests;
    this.setLimit(this.limit);
  }

  /** Applies the configured limit as it is now. Under pressure the next measurement lowers it again. */
  reconfigure(): void {
    const wasReduced = this.limit < this.configured;
    this.configured = this.settings.maxConcurrentRequests;
    this.setLimit(this.configured);
    if (wasReduced) this.observer.pressed(false, '');
  }

  /** Returns the error of a request that is refused, or undefined for an admitted one, which must {@link leave}. */
  enter(call: CallContext, priority: Priority): GatewayError | undefined {
    if (priority === 'health') return undefined;
    if (this.total >= this.settings.maxConcurrentRequests) return this.refuse(priority, 'concurrency');
    if (this.active >= (this.limits.get(priority) ?? 0)) return this.refuse(priority, 'pressure');
    call.admitted = true;
    this.total += 1;
    if (!isStream(call)) this.active += 1;
    if (this.active > this.peak) this.peak = this.active;
    return undefined;
  }

  /** True while the configured limit is reached, so that each permit that is held keeps others out. */
  get isFull(): boolean {
    return this.total >= this.settings.maxConcurrentRequests;
  }

  /**
   * Returns the error of a stream beyond the share of its tenant, or undefined for one that may be opened, which must
   * {@link leave}. A request holds at most one.
   */
  openStream(call: CallContext, priority: Priority): GatewayError | undefined {
    if (call.holdsStream) return undefined;
    const { maxConcurrentRequests, tenantSharePercent } = this.settings;
    const open = this.streams.get(call.tenantId) ?? 0;
    const share = Math.max(Math.floor((maxConcurrentRequests * tenantSharePercent) / 100), 1);
    if (open >= share) return this.refuse(priority, 'tenant_share');
    call.holdsStream = true;
    this.streams.set(call.tenantId, open + 1);
    return undefined;
  }

  /**
   * Records how long a request waited until it was begun, in ms. The shortest wait between two measurements shows a queue
   * that never became empty: it counts like the delay of the event loop.
   */
  waited(ms: number): void {
    if (ms < this.leastWaitMs) this.leastWaitMs = ms;
  }

  /** Returns the error of a request without memory for its body, or undefined; the memory is held until {@link leave}. */
  takeBody(call: CallContext, bytes: number, priority: Priority): GatewayError | undefined {
    const refused = this.bodies.take(call, bytes);
    if (refused !== undefined) this.observer.refused(priority, 'body_memory');
    return refused;
  }

  /** Releases everything that a request holds. Must be called once for each request, admitted or not. */
  leave(call: CallContext): void {
    if (call.bodyBytes > 0) this.bodies.release(call);
    if (call.holdsStream) this.closeStream(call);
    if (!call.admitted) return;
    call.admitted = false;
    this.total -= 1;
    if (isStream(call)) return;
    this.active -= 1;
    if (call.error === undefined) this.answered += 1;
  }

  report(): AdmissionReport {
    const { maxConcurrentRequests } = this.settings;
    const { total: inFlight, active, limit } = this;
    return {
      inFlight,
      active,
      limit,
      configuredLimit: maxConcurrentRequests,
      isReduced: limit < maxConcurrentRequests,
    };
  }

  /** Adjusts the limit to a measurement of the process. Called at regular intervals. */
  adjust(pressure: Pressure): void {
    const fullness = this.fullnessOf(pressure);
    const waitMs = this.leastWaitMs === Infinity ? 0 : this.leastWaitMs;
    this.leastWaitMs = Infinity;
    const reason = fullness === '' ? this.lagOf(Math.max(pressure.eventLoopDelayMs, waitMs)) : fullness;
    const { peak } = this;
    this.peak = this.active;
    this.noteRate(pressure.sinceLastMs);
    this.badLooks = reason === '' ? 0 : this.badLooks + 1;
    if (reason === '') return this.raise(peak);
    if (this.badLooks < LOOKS_BEFORE_LESS) return;
    const floor = fullness === '' ? Math.max(MIN_LIMIT, this.answeredWithinDelay) : MIN_LIMIT;
    const less = Math.floor(Math.min(this.limit, peak) * LESS);
    this.setLimit(Math.min(Math.max(less, floor), this.limit));
    this.observer.pressed(true, reason);
  }

  private noteRate(sinceLastMs: number): void {
    if (sinceLastMs <= 0) return;
    this.bestRate = Math.max((this.answered / sinceLastMs) * 1000, this.bestRate * REMEMBERED);
    this.answered = 0;
  }

  private get answeredWithinDelay(): number {
    return Math.ceil((this.bestRate * this.settings.shedDelayMs) / 1000);
  }

  private raise(peak: number): void {
    const { maxConcurrentRequests } = this.settings;
    if (this.limit === maxConcurrentRequests) return;
    // A limit that was never approached says nothing about how much would be too much.
    const wasNeeded = peak >= this.limit * LESS;
    this.setLimit(Math.min(Math.round(this.limit * (wasNeeded ? MORE : 2)), maxConcurrentRequests));
    if (this.limit === maxConcurrentRequests) this.observer.pressed(false, '');
  }

  private lagOf(delayMs: number): string {
    const { shedDelayMs } = this.settings;
    return shedDelayMs > 0 && delayMs > shedDelayMs ? `event loop delay ${Math.round(delayMs)} ms` : '';
  }

  private fullnessOf({ heapPercent, memoryPercent }: Pressure): string {
    const { shedHeapPercent, shedMemoryPercent } = this.settings;
    if (shedHeapPercent > 0 && heapPercent > shedHeapPercent) return `heap ${Math.round(heapPercent)} % full`;
    if (shedMemoryPercent > 0 && memoryPercent > shedMemoryPercent) return `memory ${Math.round(memoryPercent)} % full`;
    return '';
  }

  private setLimit(limit: number): void {
    this.limit = limit;
    const isLowered = limit < this.settings.maxConcurrentRequests;
    for (const priority of PRIORITIES) {
      this.limits.set(priority, isLowered ? Math.ceil(limit * SHARES[priority]) : Infinity);
    }
  }

  private closeStream(call: CallContext): void {
    call.holdsStream = false;
    const left = (this.streams.get(call.tenantId) ?? 1) - 1;
    if (left === 0) this.streams.delete(call.tenantId);
    else this.streams.set(call.tenantId, left);
  }

  private refuse(priority: Priority, reason: RefusalReason): GatewayError {
    this.observer.refused(priority, reason);
    return reason === 'tenant_share' ? SHARE_TAKEN : OVERLOADED;
  }
}

function overloaded(detail: string): GatewayError {
  return new GatewayError('OVERLOADED', detail, { retryAfterSeconds: RETRY_AFTER_SECONDS });
}

function isStream({ method }: CallContext): boolean {
  return method?.kind === 'server_stream';
}
