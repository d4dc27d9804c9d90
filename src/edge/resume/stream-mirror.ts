import type { ResumableStream } from './resumable-stream.js';
import type { SharedStreams } from './shared-streams.js';

/** Pause between two looks at how far other processes have read, in ms, and looks between two signs of life. */
const LOOK_MS = 500;
const LOOKS_PER_BEAT = 10;
/** A client that came back to this process may have left a position of another one behind, in ms. */
const STALE_MS = 4_000;

/** Shows a stream of this process to the others, so that its client may come back to any of them. An outage of Redis ends that, and nothing else. */
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

  /** Resolves once the stream can be found. */
  static async begin(shared: SharedStreams, stream: ResumableStream): Promise<StreamMirror> {
    const mirror = new StreamMirror(shared, stream);
    await shared.begin(stream.id, stream.owner).catch(() => mirror.lose());
    return mirror;
  }

  /** Shows the last message of the log. */
  async add(json: Buffer): Promise<void> {
    if (this.isLost) return;
    const { log, id } = this.stream;
    await this.shared.add(id, { first: log.oldest, sequence: log.last, json }).catch(() => this.lose());
  }

  /** Shows the end, and keeps the stream for those who come back. @param problem as JSON; empty when it ended well. */
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

  /** Whoever reads elsewhere takes the place of a connection here, as it would here. */
  private async look(): Promise<void> {
    const { stream, shared } = this;
    if (++this.looks % LOOKS_PER_BEAT === 1) await shared.keep(stream.id);
    const position = await shared.position(stream.id);
    if (position === undefined || performance.now() - stream.attachedAt < STALE_MS) return;
    stream.passOn(position);
  }

  /** Others must not find a part of it. */
  private lose(): void {
    if (this.isLost) return;
    this.isLost = true;
    clearInterval(this.timer);
    this.shared.remove(this.stream.id).catch(() => undefined);
  }
}
