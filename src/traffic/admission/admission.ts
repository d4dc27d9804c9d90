import type { LoadConfig } from '../../config/gateway-config.js';
import type { CallContext } from '../../domain/call-context.js';
import { GatewayError } from '../../domain/errors.js';
import { BodyMemory, defaultBodyMemory } from './body-memory.js';
import { PRIORITIES, type Priority } from './priority.js';

/** What the process itself suffers from. */
export interface Pressure {
  /** 90th percentile since the last look, in ms: a pause now and then is no load, on a busy machine least of all. */
  readonly eventLoopDelayMs: number;
  /** Of the heap limit, in percent. */
  readonly heapPercent: number;
  /** Resident memory, of what the process may use, in percent: bodies lie outside of the heap. */
  readonly memoryPercent: number;
  /** Time since the last look, in ms: one of a process that lags comes late. */
  readonly sinceLastMs: number;
}

/** `tenant_share`: a stream of a tenant that has as many open as it may have. `body_memory`: bodies take all that is there for them. */
export type RefusalReason = 'concurrency' | 'pressure' | 'tenant_share' | 'body_memory';

/** Takes what becomes of admission. */
export interface AdmissionObserver {
  refused(priority: Priority, reason: RefusalReason): void;
  /** The limit fell below what the settings allow, or is back there. */
  pressed(isPressed: boolean, reason: string): void;
}

/** The requests that are worked on, against the limit. */
export interface AdmissionReport {
  readonly inFlight: number;
  /** Without streams, which the reduced limit does not count. */
  readonly active: number;
  readonly limit: number;
  readonly configuredLimit: number;
  /** The limit is below the configured one, because the process is under pressure. */
  readonly isReduced: boolean;
}

/** Under pressure no limit is lower: a handful of requests is not what presses. */
const MIN_LIMIT = 64;
/** One bad look may be a collection of garbage; two in a row are load. */
const LOOKS_BEFORE_LESS = 2;
const LESS = 0.8;
const MORE = 1.1;
/** How much of the best rate of answers counts a look later. */
const REMEMBERED = 0.98;

/** Share of the limit, while that is lowered, up to which each kind is let in: what matters least gives way first. */
const SHARES: Readonly<Record<Priority, number>> = { health: Infinity, auth: 1, read: 0.9, write: 0.75, ai: 0.5 };

const RETRY_AFTER_SECONDS = 1;

/** One for all requests that are refused: whoever has too much to do does not write a stack trace for each. */
const OVERLOADED = overloaded('service unavailable: the gateway has too much to do at the moment.');
const SHARE_TAKEN = overloaded('service unavailable: the tenant has too many streams open.');

/**
 * How many requests are worked on at once. The limit of the settings holds as long as the process is well; when its
 * event loop lags or its memory fills it is lowered step by step, and raised again as soon as that is over, so that what
 * is let in is also answered. Streams wait most of their time and count against the limit of the settings alone; since
 * they last, those of one tenant leave the others their share of it.
 *
 * For a lagging event loop it is never lowered below what the process answers within the delay that is allowed (Little's
 * law). One turn of the loop reads what lies in all sockets, and places become free in the next one: with fewer places
 * than that the rest of a turn would be refusals, which make the loop lag too, and hardly anybody would be answered.
 */
export class Admission {
  private total = 0;
  private active = 0;
  private peak = 0;
  private badLooks = 0;
  /** Answered without an error since the last look. */
  private answered = 0;
  /** The most answers a second, of late. */
  private bestRate = 0;
  private leastWaitMs = Infinity;
  private limit: number;
  /** That of the settings, when they were last looked at. */
  private configured: number;
  private readonly limits = new Map<Priority, number>();
  /** Open streams of each tenant that has any. */
  private readonly streams = new Map<string, number>();

  constructor(
    private readonly settings: LoadConfig,
    private readonly observer: AdmissionObserver,
    readonly bodies = new BodyMemory(settings.maxBodyMemoryBytes ?? defaultBodyMemory()),
  ) {
    this.limit = this.configured = settings.maxConcurrentRequests;
    this.setLimit(this.limit);
  }

  /** Takes the limit of the settings as it is now. Under pressure it is lowered again by the next look. */
  reconfigure(): void {
    const wasReduced = this.limit < this.configured;
    this.configured = this.settings.maxConcurrentRequests;
    this.setLimit(this.configured);
    if (wasReduced) this.observer.pressed(false, '');
  }

  /** The error of a request that cannot be taken on; undefined for one that was, which must {@link leave}. */
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

  /** True while the limit of the settings is reached: each permit that is held keeps others out. */
  get isFull(): boolean {
    return this.total >= this.settings.maxConcurrentRequests;
  }

  /** The error of a stream beyond the share of its tenant; undefined for one that may be opened, which must {@link leave}. A request holds one. */
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
   * Notes how long a request waited until it was begun, in ms. The shortest such wait between two looks is that of a queue
   * which never became empty: it counts as the delay of the event loop does.
   */
  waited(ms: number): void {
    if (ms < this.leastWaitMs) this.leastWaitMs = ms;
  }

  /** The error of a request whose body finds no memory; undefined for bytes that were taken, until it {@link leave}s. */
  takeBody(call: CallContext, bytes: number, priority: Priority): GatewayError | undefined {
    const refused = this.bodies.take(call, bytes);
    if (refused !== undefined) this.observer.refused(priority, 'body_memory');
    return refused;
  }

  /** To be called for each request once, admitted or not: gives all back that it holds. */
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

  /** Takes a look at the process into account. Called regularly. */
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
    // A limit that nobody came near says nothing of what would be too much.
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
