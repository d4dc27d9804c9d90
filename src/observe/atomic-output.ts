import type { LineOutput } from './log-stream.js';

const LINE_FEED = 0x0a;
/** PIPE_BUF on Linux: a pipe takes a write of so many bytes as a whole or not at all (pipe(7)). */
const ATOMIC_BYTES = 4_096;

/**
 * Writes batches of lines in pieces that a pipe does not mix with what other processes write to it: whole lines, of 4
 * KiB at most. One piece at a time, since a stream would join several that wait. A line that is longer than that is
 * written alone, and can be cut by others only while the pipe is full.
 */
export class AtomicOutput implements LineOutput {
  constructor(private readonly output: LineOutput) {}

  write(text: string, done: (error?: Error | null) => void): void {
    this.writeFrom(0, Buffer.from(text), done);
  }

  on(event: 'error', listener: (error: Error) => void): void {
    this.output.on(event, listener);
  }

  private writeFrom(start: number, bytes: Buffer, done: (error?: Error | null) => void): void {
    const end = endOfPiece(bytes, start);
    this.output.write(bytes.subarray(start, end), (error) => {
      if (error || end === bytes.length) done(error);
      else this.writeFrom(end, bytes, done);
    });
  }
}

function endOfPiece(bytes: Buffer, start: number): number {
  if (bytes.length - start <= ATOMIC_BYTES) return bytes.length;
  const end = bytes.lastIndexOf(LINE_FEED, start + ATOMIC_BYTES - 1) + 1;
  if (end > start) return end;
  return bytes.indexOf(LINE_FEED, start) + 1 || bytes.length;
}
