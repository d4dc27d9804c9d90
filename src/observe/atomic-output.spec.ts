import { describe, expect, it } from 'vitest';
import { AtomicOutput } from './atomic-output.js';

/** Returns the pieces in which a text is written, each taken before the next. */
function piecesOf(text: string): string[] {
  const pieces: string[] = [];
  let isTaken = true;
  const output = new AtomicOutput({
    write: (piece, done) => {
      expect(isTaken).toBe(true);
      isTaken = false;
      pieces.push(Buffer.from(piece).toString());
      isTaken = true;
      done();
    },
    on: () => undefined,
  });
  let isDone = false;
  output.write(text, () => (isDone = true));
  expect(isDone).toBe(true);
  return pieces;
}

const line = (bytes: number) => `${'x'.repeat(bytes - 1)}\n`;

describe('an output that several processes write to', () => {
  it.each([
    ['lines that fit into one write', [line(1_000), line(3_096)], [4_096]],
    ['lines that do not', [line(1_000), line(3_097), line(10)], [1_000, 3_107]],
    ['many lines', Array.from({ length: 41 }, () => line(800)), [...Array.from({ length: 8 }, () => 4_000), 800]],
    ['a line that is too long, between others', [line(10), line(5_000), line(20)], [10, 5_000, 20]],
    ['a line that is too long, at the end', [line(10), line(9_000)], [10, 9_000]],
    ['characters of several bytes', [`${'é'.repeat(1_500)}\n`, `${'é'.repeat(1_000)}\n`], [3_001, 2_001]],
  ])('gets %s in whole lines, of 4 KiB at most', (_what, lines, expected) => {
    const pieces = piecesOf(lines.join(''));
    expect(pieces.join('')).toBe(lines.join(''));
    expect(pieces.map((piece) => Buffer.byteLength(piece))).toEqual(expected);
  });

  it('gets no further piece after one that failed', () => {
    const pieces: number[] = [];
    const failure = new Error('EPIPE');
    const output = new AtomicOutput({
      write: (piece, done) => {
        pieces.push(piece.length);
        done(failure);
      },
      on: () => undefined,
    });
    const errors: unknown[] = [];
    output.write(line(3_000) + line(3_000), (error) => errors.push(error));
    expect([pieces, errors]).toEqual([[3_000], [failure]]);
  });
});
