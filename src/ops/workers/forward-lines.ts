import type { Readable } from 'node:stream';

const LINE_FEED = 0x0a;
/** Maximum bytes of a line; a longer one is forwarded in parts. */
const MAX_LINE_BYTES = 1_048_576;

/** Writes bytes, and calls `done` when it accepts more. */
export type Forward = (bytes: Uint8Array, done: () => void) => void;

/**
 * Forwards the output of a stream in whole lines, as bytes, since decoding them would cost time. The stream is not read
 * during a write, so that at most a chunk and a part of a line are held.
 */
export function forwardLines(stream: Readable, forward: Forward): void {
  let rest: Buffer[] = [];
  let restBytes = 0;
  const resume = (): void => void stream.resume();
  stream.on('data', (chunk: Buffer) => {
    const end = chunk.lastIndexOf(LINE_FEED) + 1;
    if (end === 0 && restBytes + chunk.length < MAX_LINE_BYTES) {
      rest.push(chunk);
      restBytes += chunk.length;
      return;
    }
    const whole = end === 0 ? chunk : chunk.subarray(0, end);
    stream.pause();
    forward(rest.length === 0 ? whole : Buffer.concat([...rest, whole]), resume);
    rest = end === 0 || end === chunk.length ? [] : [chunk.subarray(end)];
    restBytes = rest[0]?.length ?? 0;
  });
  stream.once('end', () => {
    if (restBytes > 0) forward(Buffer.concat([...rest, Buffer.of(LINE_FEED)]), () => undefined);
  });
  stream.on('error', () => undefined);
}
