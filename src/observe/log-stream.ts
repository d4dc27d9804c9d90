import type { DestinationStream } from 'pino';

/** A line waits for company this long at most: one write for many lines costs a fraction of one for each. */
const FLUSH_MS = 100;
/** About sixteen lines of requests. */
const BATCH_CHARACTERS = 32_768;
/** What is kept while nobody reads stdout. Beyond it lines are dropped and counted: requests come first. */
const MAX_WAITING_CHARACTERS = 16_777_216;

/** Where lines go. */
export interface LogStream extends DestinationStream {
  /** Lines lost so far because nobody took them. */
  readonly dropped: number;
}

/** The part of a `Writable` that lines need. `write` must not block, even if nobody reads at the other end. */
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
  /** Writes of forwarded lines under way. */
  private forwarding = 0;
  /** Undefined while lines wait: they are to be written as soon as those under way are. */
  private timer: NodeJS.Timeout | undefined;
  private whenWritten: (() => void) | undefined;

  constructor(private readonly output: LineOutput) {
    // A reader that is gone does not stop the writing: each batch that fails is counted.
    output.on('error', () => undefined);
  }

  get dropped(): number {
    return this.lost;
  }

  /** @param line with its line feed. */
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

  /** Writes whole lines of another process as they are, and calls back when they have been taken, or are lost. */
  readonly forward = (lines: Uint8Array, done: () => void): void => {
    this.forwarding += 1;
    this.output.write(lines, () => {
      this.forwarding -= 1;
      this.settle();
      done();
    });
  };

  /** Resolves when all lines are written, or after a time, in ms, to the number of lines that are lost. */
  async end(ms: number): Promise<number> {
    this.flush();
    if (this.isWriting) {
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
    if (this.lines > 0 && this.timer === undefined) this.flush();
    this.settle();
  }

  private settle(): void {
    if (!this.isWriting && this.lines === 0) this.whenWritten?.();
  }

  private get isWriting(): boolean {
    return this.linesUnderWay > 0 || this.forwarding > 0;
  }
}

/** Standard output. Node writes to a pipe or a socket without blocking the event loop, and a process that exits does not wait for it. */
export function stdoutStream(): BatchedLines {
  return new BatchedLines(process.stdout);
}
