import type { DestinationStream } from 'pino';
import { AtomicOutput } from './atomic-output.js';

/** Maximum delay of a line in ms: one write for many lines costs a fraction of one for each. */
const FLUSH_MS = 100;
/** Characters of a batch: about sixteen lines of requests. */
const BATCH_CHARACTERS = 32_768;
/**
 * Maximum characters kept while nobody reads stdout. Beyond it lines are dropped and counted: requests come first.
 */
const MAX_WAITING_CHARACTERS = 16_777_216;

/** Destination of log lines. */
export interface LogStream extends DestinationStream {
  /** Number of lines lost so far because nobody read them. */
  readonly dropped: number;
}

/** The part of a `Writable` that is used. `write` must not block, even if nobody reads at the other end. */
export interface LineOutput {
  write(text: string | Uint8Array, done: (error?: Error | null) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** Writes lines in batches, one batch at a time, and never waits for their reader. */
export class BatchedLines implements LogStream {
  private text = '';
  private lines = 0;
  private linesUnderWay = 0;
  private lost = 0;
  /** Undefined while lines wait for the current write to finish. */
  private timer: NodeJS.Timeout | undefined;
  private whenWritten: (() => void) | undefined;

  constructor(private output: LineOutput) {
    // A reader that is gone does not stop the writing: each batch that fails is counted.
    output.on('error', () => undefined);
  }

  get dropped(): number {
    return this.lost;
  }

  /**
   * Writes a line.
   * @param line with its line feed.
   */
  write(line: string): void {
    if (this.text.length >= MAX_WAITING_CHARACTERS) {
      this.lost += 1;
      return;
    }
    this.text += line;
    this.lines += 1;
    if (this.text.length >= BATCH_CHARACTERS) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), FLUSH_MS).unref();
  }

  /** Writes lines so that other processes can write to the same output as well. */
  share(): void {
    this.output = new AtomicOutput(this.output);
  }

  /** Resolves, when all lines are written or after `ms`, to the number of lost lines. */
  async end(ms: number): Promise<number> {
    this.flush();
    if (this.linesUnderWay > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.whenWritten = resolve;
      const timer = setTimeout(resolve, ms);
      await promise;
      clearTimeout(timer);
    }
    return this.lost + this.lines + this.linesUnderWay;
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.linesUnderWay > 0 || this.lines === 0) return;
    const { text } = this;
    this.linesUnderWay = this.lines;
    this.text = '';
    this.lines = 0;
    this.output.write(text, (error) => this.written(error));
  }

  private written(error?: Error | null): void {
    if (error) this.lost += this.linesUnderWay;
    this.linesUnderWay = 0;
    if (this.lines === 0) this.whenWritten?.();
    else if (this.timer === undefined) this.flush();
  }
}

/**
 * Returns standard output. Node writes to a pipe or a socket without blocking the event loop, and a process that
 * exits does not wait for it.
 */
export function stdoutStream(): BatchedLines {
  return new BatchedLines(process.stdout);
}
