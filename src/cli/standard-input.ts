import type { Terminal } from './terminal.js';

const MAX_BYTES = 65_536;

/** Reads all of standard input; empty when there is none. */
export function readStandardInput(terminal: Terminal): Promise<string> {
  return terminal.read?.() ?? Promise.resolve('');
}

/** Thrown when standard input is too large. */
export class StandardInputError extends Error {
  override readonly name = 'StandardInputError';
}

/** Reads a stream to its end. Rejects with StandardInputError when there is more than 64 KiB. */
export async function readBounded(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_BYTES) throw new StandardInputError(`standard input has more than ${MAX_BYTES} bytes`);
  }
  return Buffer.concat(chunks).toString('utf8');
}
