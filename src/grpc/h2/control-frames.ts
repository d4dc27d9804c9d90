import { ErrorCode, Flag, frame, FrameType, uint32 } from './frames.js';
import type { WriteBuffer } from './write-buffer.js';

const NOTHING = Buffer.alloc(0);

/** Writes the frames of a client that carry no request. */
export class ControlFrames {
  constructor(private readonly writeBuffer: WriteBuffer) {}

  acknowledgeSettings(): void {
    this.writeBuffer.push(frame(FrameType.SETTINGS, Flag.ACK, 0, NOTHING));
  }

  ping(): void {
    this.push(FrameType.PING, 0, Buffer.alloc(8));
  }

  answerPing(data: Buffer): void {
    this.writeBuffer.push(frame(FrameType.PING, Flag.ACK, 0, data));
  }

  reset(streamId: number, errorCode: number): void {
    this.push(FrameType.RST_STREAM, streamId, uint32(errorCode));
  }

  /** @param increment 0 writes nothing. */
  widen(streamId: number, increment: number): void {
    if (increment > 0) this.push(FrameType.WINDOW_UPDATE, streamId, uint32(increment));
  }

  /** A server opens no streams, so the last one of its that was processed is 0. */
  goAway(errorCode: number = ErrorCode.NO_ERROR): void {
    this.push(FrameType.GOAWAY, 0, Buffer.concat([uint32(0), uint32(errorCode)]));
  }

  private push(type: number, streamId: number, payload: Uint8Array): void {
    this.writeBuffer.push(frame(type, 0, streamId, payload));
  }
}
