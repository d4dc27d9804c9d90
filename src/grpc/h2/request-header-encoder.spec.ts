import { describe, expect, it } from 'vitest';
import { getUserCall } from '../../../test/support/transport.js';
import { type Frame, FrameReader } from './frame-reader.js';
import { Flag, FRAME_HEADER, FrameType } from './frames.js';
import { PeerSettings } from './peer-settings.js';
import { RequestHeaderEncoder } from './request-header-encoder.js';
import { WriteBuffer } from './write-buffer.js';

const ORIGIN = { authority: 'user:50051', isEncrypted: false };

/** Writes the header block of one call on a new connection. */
function written(maxFramePayload: number): readonly Pick<Frame, 'type' | 'flags'>[] {
  const peer = new PeerSettings({ onHeaderTableSize: () => undefined, onInitialWindow: () => undefined });
  peer.maxFramePayload = maxFramePayload;
  const buffer = new WriteBuffer(() => undefined);
  new RequestHeaderEncoder(buffer, peer, ORIGIN).write(1, getUserCall(), 1_000);
  const frames: Pick<Frame, 'type' | 'flags'>[] = [];
  const reader = new FrameReader(({ type, flags }) => void frames.push({ type, flags }));
  const bytes = buffer.slab.subarray(0, buffer.end);
  reader.read(bytes, bytes.length);
  return frames;
}

/** Returns the length of that block in bytes. */
function blockBytes(): number {
  const peer = new PeerSettings({ onHeaderTableSize: () => undefined, onInitialWindow: () => undefined });
  const buffer = new WriteBuffer(() => undefined);
  new RequestHeaderEncoder(buffer, peer, ORIGIN).write(1, getUserCall(), 1_000);
  return buffer.end - FRAME_HEADER;
}

const WHOLE = { type: FrameType.HEADERS, flags: Flag.END_HEADERS };
const FIRST = { type: FrameType.HEADERS, flags: 0 };
const NEXT = { type: FrameType.CONTINUATION, flags: 0 };
const LAST = { type: FrameType.CONTINUATION, flags: Flag.END_HEADERS };

/** Returns the divisor of a length that is at least 2 and the smallest; the length itself when it is prime. */
function parts(length: number): number {
  let n = 2;
  while (length % n !== 0) n += 1;
  return n;
}

describe('a header block', () => {
  it('of exactly one frame is one HEADERS frame with END_HEADERS', () => {
    expect(written(blockBytes())).toEqual([WHOLE]);
  });

  it('of one byte more goes on in a CONTINUATION frame', () => {
    expect(written(blockBytes() - 1)).toEqual([FIRST, LAST]);
  });

  it('that fills its last frame ends with it, and no empty frame follows', () => {
    const count = parts(blockBytes());
    const frames = written(blockBytes() / count);
    expect(frames).toEqual([FIRST, ...Array.from({ length: count - 2 }, () => NEXT), LAST]);
  });
});
