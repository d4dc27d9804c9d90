import { GatewayError } from '../../../domain/errors.js';
import { type AdminStream, encodeEvent } from '../admin-response.js';
import type { MainThread } from '../main-thread.js';

const INTERVAL_MS = 2_000;
const MAX_PAGES = 6;
/** Maximum bytes of one stream. When it ends, browsers reconnect after the pause that its first line sets. */
const MAX_STREAM_BYTES = 256 * 1024 ** 2;
const RETRY = 'retry: 3000\n\n';

const live = new WeakMap<MainThread, LivePages>();

/** One open page. It is sent the newest state, and skips states while it is too slow. */
class Page {
  private newest: string | undefined;
  private wake: (() => void) | undefined;

  constructor(private readonly signal: AbortSignal) {
    signal.addEventListener('abort', () => this.wake?.());
  }

  offer(event: string): void {
    this.newest = event;
    this.wake?.();
  }

  async *events(): AsyncGenerator<string> {
    yield RETRY;
    while (!this.signal.aborted) {
      const event = this.newest;
      this.newest = undefined;
      if (event === undefined) await new Promise<void>((resolve) => (this.wake = resolve));
      else yield event;
    }
  }
}

/** Holds all open pages. The main thread is asked once for all of them, and not at all while there is none. */
export class LivePages {
  private readonly pages = new Set<Page>();
  private isRunning = false;
  /** The last state, for pages that are opened before the next one. */
  private latest: string | undefined;
  private silentSince: number | undefined;

  private constructor(private readonly main: MainThread) {}

  /** Returns the pages of one listener. */
  static of(main: MainThread): LivePages {
    let pages = live.get(main);
    if (pages === undefined) live.set(main, (pages = new LivePages(main)));
    return pages;
  }

  /** Adds a page until the signal is aborted. Throws OVERLOADED when there are too many. */
  open(signal: AbortSignal): AdminStream {
    if (this.pages.size >= MAX_PAGES) {
      throw new GatewayError('OVERLOADED', `${MAX_PAGES} pages are open already: close one of them.`);
    }
    const page = new Page(signal);
    this.pages.add(page);
    signal.addEventListener('abort', () => this.pages.delete(page), { once: true });
    if (this.latest !== undefined) page.offer(this.latest);
    if (!this.isRunning) void this.run();
    return { chunks: page.events(), maxBytes: MAX_STREAM_BYTES };
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    while (this.pages.size > 0) {
      this.latest = await this.read();
      for (const page of this.pages) page.offer(this.latest);
      await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
    }
    this.isRunning = false;
    this.latest = undefined;
  }

  private async read(): Promise<string> {
    const askedAt = Date.now();
    try {
      const state = await this.main.ask('page-snapshot');
      this.silentSince = undefined;
      return encodeEvent('state', state);
    } catch (error) {
      this.silentSince ??= askedAt;
      const { code, detail } = GatewayError.from(error);
      return encodeEvent('stalled', { code, detail, since: new Date(this.silentSince).toISOString() });
    }
  }
}
