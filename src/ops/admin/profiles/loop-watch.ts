import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { CodePosition } from './source-positions.js';

/**
 * Interval of pings: short enough to see delays that clients notice, long enough to cost at most a hundredth of the
 * loop.
 */
const PING_MS = 20;
/** A ping that waits longer than this found the loop blocked. */
const BLOCKED_MS = 50;
/** Maximum number of stacks of one block. */
const MAX_STACKS = 20;
/** Number of remembered blocks, the longest ones. */
const MAX_BLOCKS = 32;
/** Maximum number of distinct stacks that are counted. */
const MAX_KINDS = 500;
const MICROS_PER_MS = 1_000;

/** A period in which the event loop of the main thread handled no event. */
export interface LoopBlock {
  readonly since: Date;
  readonly ms: number;
  /** Stack of the running code, innermost first; empty in native code, which cannot be interrupted. */
  readonly stack: readonly CodePosition[];
}

/** Dependencies of a watch. */
interface LoopWatchOptions {
  /** Resolves when the loop handles it. */
  readonly ping: () => Promise<void>;
  /** Resolves to the stack of the code that runs. May reject. */
  readonly stack: () => Promise<readonly CodePosition[]>;
  /** One in so many blocks gets its stack. */
  readonly rate: number;
}

/** Measures from another thread how late the main loop is, and why. */
export class LoopWatch {
  readonly startedAt = performance.now();
  /** Delays in µs. */
  readonly delays: RecordableHistogram = createHistogram();
  private readonly longest: LoopBlock[] = [];
  private readonly kinds = new Map<string, { stack: readonly CodePosition[]; count: number; totalMs: number }>();
  private readonly timer: NodeJS.Timeout;
  /** When the current ping was sent; undefined for none. */
  private sentAt: number | undefined;
  private stacks: (readonly CodePosition[])[] = [];
  private isSampling = false;
  private blockCount = 0;

  constructor(private readonly options: LoopWatchOptions) {
    this.timer = setInterval(() => this.look(), PING_MS).unref();
  }

  /** Returns the longest blocks so far, the longest first, including the current one. */
  get blocks(): LoopBlock[] {
    const current = this.currentBlock();
    return [...this.longest, ...(current === undefined ? [] : [current])].toSorted((a, b) => b.ms - a.ms);
  }

  /** Returns all blocks so far by the code that ran in them. */
  *byStack(): Generator<{ stack: readonly CodePosition[]; count: number; totalMs: number }> {
    yield* this.kinds.values();
    const current = this.currentBlock();
    if (current !== undefined) yield { stack: current.stack, count: 1, totalMs: current.ms };
  }

  close(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    if (this.sentAt === undefined) return void this.send();
    if (performance.now() - this.sentAt >= BLOCKED_MS) void this.sample();
  }

  private async send(): Promise<void> {
    const sentAt = performance.now();
    this.sentAt = sentAt;
    await this.options.ping();
    const ms = performance.now() - sentAt;
    this.delays.record(Math.max(Math.round(ms * MICROS_PER_MS), 1));
    if (ms >= BLOCKED_MS) this.note({ since: new Date(Date.now() - ms), ms, stack: this.typicalStack() });
    this.sentAt = undefined;
    this.stacks = [];
  }

  private async sample(): Promise<void> {
    const { rate } = this.options;
    if (this.isSampling || this.stacks.length >= MAX_STACKS || this.blockCount % rate !== 0) return;
    this.isSampling = true;
    const block = this.stacks;
    const stack = await this.options.stack().catch(() => []);
    this.isSampling = false;
    // Empty for native code, or if the block ended before the stack was taken.
    if (stack.length > 0) block.push(stack);
  }

  private currentBlock(): LoopBlock | undefined {
    if (this.sentAt === undefined) return undefined;
    const ms = performance.now() - this.sentAt;
    return ms < BLOCKED_MS ? undefined : { since: new Date(Date.now() - ms), ms, stack: this.typicalStack() };
  }

  /** Returns the stack with the most samples, by its innermost frame. */
  private typicalStack(): readonly CodePosition[] {
    const groups = [...Map.groupBy(this.stacks, keyOf).values()];
    return groups.toSorted((a, b) => b.length - a.length)[0]?.[0] ?? [];
  }

  private note(block: LoopBlock): void {
    this.blockCount += 1;
    this.longest.push(block);
    this.longest.sort((a, b) => b.ms - a.ms);
    if (this.longest.length > MAX_BLOCKS) this.longest.pop();
    const key = this.kinds.size >= MAX_KINDS ? '' : keyOf(block.stack);
    const kind = this.kinds.get(key) ?? { stack: key === '' ? [] : block.stack, count: 0, totalMs: 0 };
    kind.count += 1;
    kind.totalMs += block.ms;
    this.kinds.set(key, kind);
  }
}

function keyOf(stack: readonly CodePosition[]): string {
  return stack.map(({ functionName, url }) => `${functionName} ${url}`).join('\n');
}
