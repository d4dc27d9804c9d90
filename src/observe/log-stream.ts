import { destination, type DestinationStream } from 'pino';

/** A line waits for company this long at most: one write for many lines costs a fraction of one for each. */
const FLUSH_MS = 100;
const BATCH_BYTES = 8_192;
/** What is kept while nobody reads stdout. Beyond it lines are dropped and counted: requests come first (FI-33). */
const MAX_WAITING_BYTES = 16_777_216;

/** Where lines go. */
export interface LogStream extends DestinationStream {
  /** Lines lost so far because nobody took them. */
  readonly dropped: number;
}

/** Standard output, written in batches and never waited for; pino writes what is left when the process exits. */
export function stdoutStream(): LogStream {
  const stream = destination({
    dest: 1,
    sync: false,
    minLength: BATCH_BYTES,
    maxLength: MAX_WAITING_BYTES,
    periodicFlush: FLUSH_MS,
  });
  let dropped = 0;
  stream.on('drop', () => dropped++);
  return {
    write: (line) => stream.write(line),
    get dropped() {
      return dropped;
    },
  };
}
