import { setTimeout as pause } from 'node:timers/promises';
import { abortSignalOf, type CancelSignal } from '../../domain/cancellation.js';
import { ERROR_CODES, GatewayError, type GatewayErrorCode } from '../../domain/errors.js';
import type { LoggedMessage } from './message-log.js';
import { gone, type KeptStream, type StreamOwner, type StreamReader } from './resumable-stream.js';
import type { SharedEntry, SharedStreams } from './shared-streams.js';

/** Interval between reads of new messages, and between signs that a reader is connected, in ms. */
const LOOK_MS = 200;
const BEAT_MS = 1_000;

/** A stream whose call is made by another process. */
export class RemoteStream implements KeptStream {
  readonly log = this;
  private entries: SharedEntry[] = [];
  private sent = 0;
  private reader: StreamReader | undefined;
  private beat: NodeJS.Timeout | undefined;
  private error: GatewayError | undefined;

  private constructor(
    readonly id: string,
    private readonly shared: SharedStreams,
  ) {}

  /**
   * Rejects with STREAM_GONE for a stream that does not exist, belongs to another caller, or is no longer kept from a
   * position on.
   */
  static async find(shared: SharedStreams, id: string, owner: StreamOwner, sequence: number): Promise<RemoteStream> {
    const stream = new RemoteStream(id, shared);
    try {
      if (!(await shared.isOwn(id, owner))) throw gone();
      stream.entries = await shared.after(id, Math.max(sequence - 1, 0));
    } catch (error) {
      throw error instanceof GatewayError ? error : unavailable();
    }
    const [first] = stream.entries;
    const isKept = first !== undefined && first.sequence <= sequence + 1 && first.sequence >= Math.max(sequence, 1);
    if (!isKept || ('end' in first && first.sequence <= sequence)) throw gone();
    return stream;
  }

  get failure(): GatewayError | undefined {
    return this.error;
  }

  markSent(sequence: number): void {
    this.sent = sequence;
  }

  attach(reader: StreamReader, sequence: number): void {
    this.reader = reader;
    this.sent = sequence;
    this.tell();
    this.beat = setInterval(() => this.tell(), BEAT_MS).unref();
  }

  leave(): void {
    clearInterval(this.beat);
    this.reader?.unwatch();
  }

  remove(): void {
    this.leave();
  }

  async next(sequence: number, signal: CancelSignal): Promise<LoggedMessage | undefined> {
    for (;;) {
      if (signal.aborted) throw signal.reason;
      while (this.entries[0] !== undefined && this.entries[0].sequence <= sequence) this.entries.shift();
      const entry = this.entries[0];
      if (entry !== undefined) return this.read(entry, sequence);
      try {
        this.entries = await this.shared.after(this.id, sequence);
        if (this.entries.length > 0) continue;
        if (!(await this.shared.isAlive(this.id))) return this.fail(gone());
      } catch {
        return this.fail(unavailable());
      }
      await pause(LOOK_MS, undefined, { signal: abortSignalOf(signal) }).catch(() => undefined);
    }
  }

  private read(entry: SharedEntry, sequence: number): LoggedMessage | undefined {
    if ('end' in entry) return entry.end === '' ? undefined : this.fail(readProblem(entry.end));
    return entry.sequence === sequence + 1 ? entry : this.fail(gone());
  }

  private fail(error: GatewayError): undefined {
    this.error = error;
  }

  private tell(): void {
    this.shared.notePosition(this.id, this.sent).catch(() => undefined);
  }
}

function unavailable(): GatewayError {
  const detail = 'The store of streams does not answer: try again.';
  return new GatewayError('UPSTREAM_UNAVAILABLE', detail, { retryAfterSeconds: 1 });
}

/** Returns the error of a stream that failed in another process; its cause is in the log of that process. */
function readProblem(json: string): GatewayError {
  const { code, detail } = JSON.parse(json) as { code: string; detail: string };
  return new GatewayError(code in ERROR_CODES ? (code as GatewayErrorCode) : 'UPSTREAM_ERROR', detail);
}
