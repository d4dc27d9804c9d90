import { describe, expect, it } from 'vitest';
import { FrameReader } from './frame-reader.js';
import { frame, MAX_FRAME_PAYLOAD } from './frames.js';

import fc from 'fast-check';

/** The frames of these chunks as text. */
function read(chunks: readonly Buffer[]): string[] {
  const found: string[] = [];
  const reader = new FrameReader(({ type, flags, streamId, bytes, start, end }) => {
    found.push(`${type} ${flags} ${streamId} ${bytes.toString('hex', start, end)}`);
  });
  for (const chunk of chunks) reader.read(chunk, chunk.length);
  return found;
}

const FRAMES = fc.array(fc.tuple(fc.nat(255), fc.nat(255), fc.nat(0x7fffffff), fc.uint8Array({ maxLength: 60 })), {
  minLength: 1,
  maxLength: 8,
});

describe('the frame reader', () => {
  it('finds the same frames however the bytes are cut', () => {
    fc.assert(
      fc.property(FRAMES, fc.array(fc.nat(400)), (frames, cuts) => {
        const bytes = Buffer.concat(frames.map(([type, flags, id, payload]) => frame(type, flags, id, payload)));
        const at = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
        const chunks = at.slice(1).map((end, n) => bytes.subarray(at[n], end));
        expect(read(chunks)).toEqual(
          frames.map(([type, flags, id, payload]) => `${type} ${flags} ${id} ${Buffer.from(payload).toString('hex')}`),
        );
      }),
      { numRuns: 300, seed: 9113 },
    );
  });

  it('takes the largest frame that is allowed byte by byte, and no larger one', () => {
    const largest = frame(0, 0, 1, Buffer.alloc(MAX_FRAME_PAYLOAD, 7));
    expect(read([...largest].map((byte) => Buffer.of(byte)))).toHaveLength(1);
    expect(() => read([frame(0, 0, 1, Buffer.alloc(MAX_FRAME_PAYLOAD + 1))])).toThrow(
      'frame of 16385 bytes exceeds MAX_FRAME_SIZE',
    );
  });

  it('reads only as much of a chunk as it is told to', () => {
    const reader = new FrameReader(() => expect.unreachable());
    reader.read(frame(0, 0, 1, Buffer.alloc(4)), 12);
  });
});
