import type { ResumableStream } from './resumable-stream.js';
import type { SharedStreams } from './shared-streams.js';

/** Interval between reads of the position of other processes, in ms, and number of them between two signs of life. */
const LOOK_MS = 500;
const LOOKS_PER_BEAT = 10;
/**
 * Age after which the position of another process is stale, because its client may have reconnected to this process, in
 * ms.
 */
const STALE_MS = 4_000;

/**
 * Publishes a stream of this process to the others, so that its client may reconnect to any of them. An outage of Redis
 * ends only that.
 */
export class StreamMirror {
  private readonly timer: NodeJS.Timeout;
  private looks = 0;
  private isLost = false;

  private constructor(
    private readonly shared: SharedStreams,
    private readonly stream: ResumableStream,
  ) {
    this.timer = setInterval(() => void this.look().catch(() => this.lose()), LOOK_MS).unref();
  }

  /** Resolves once other processes can find the stream. */
  static async begin(shared: SharedStreams, stream: ResumableStream): Promise<StreamMirror> {
    const mirror = new StreamMirror(shared, stream);
    await shared.begin(stream.id, stream.owner).catch(() => mirror.lose());
    return mirror;
  }

  /** Publishes the last message of the log. */
  async add(json: Buffer): Promise<void> {
    if (this.isLost) return;
    const { log, id } = this.stream;
    await this.shared.add(id, { first: log.oldest, sequence: log.last, json }).catch(() => this.lose());
  }

  /**
   * Publishes the end, and keeps the stream for clients that reconnect.
   * @param problem as JSON; empty when it ended successfully.
   */
  async end(problem: string, keepMs: number): Promise<void> {
    clearInterval(this.timer);
    if (this.isLost) return;
    const { log, id } = this.stream;
    try {
      await this.shared.end(id, log.last + 1, problem);
      await this.shared.keep(id, keepMs);
    } catch {
      this.lose();
    }
  }

  /** Reads the position of other processes. A reader elsewhere replaces a connection here, as a reader here would. */
  private async look(): Promise<void> {
    const { stream, shared } = this;
    if (++this.looks % LOOKS_PER_BEAT === 1) await shared.keep(stream.id);
    const position = await shared.position(stream.id);
    if (position === undefined || performance.now() - stream.attachedAt < STALE_MS) return;
    stream.passOn(position);
  }

  /** Removes the published stream, so that others do not find an incomplete one. */
  private lose(): void {
    if (this.isLost) return;
    this.isLost = true;
    clearInterval(this.timer);
    this.shared.remove(this.stream.id).catch(() => undefined);
  }
}
