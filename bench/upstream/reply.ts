import { Flag, frame, FrameType, MAX_FRAME_PAYLOAD } from '../../src/grpc/h2/frames.js';
import { grpcMessage, OK_TRAILERS, RESPONSE_HEADERS, UNIMPLEMENTED } from './grpc-frames.js';

/** Frames that leave together; only the stream id is missing in them. */
export interface Burst {
  readonly template: Buffer;
  /** Offsets of the stream ids. */
  readonly idOffsets: readonly number[];
  /** Bytes that count against flow control. */
  readonly dataBytes: number;
}

/** Complete reply to a call, one burst per turn of the event loop. */
export type Reply = readonly Burst[];

function burst(frames: readonly Buffer[], dataBytes: number): Burst {
  const idOffsets: number[] = [];
  let offset = 0;
  for (const each of frames) {
    idOffsets.push(offset + 5);
    offset += each.length;
  }
  return { template: Buffer.concat(frames), idOffsets, dataBytes };
}

const headersFrame = frame(FrameType.HEADERS, Flag.END_HEADERS, 0, RESPONSE_HEADERS);
const trailersFrame = frame(FrameType.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, 0, OK_TRAILERS);

function dataFrame(message: Uint8Array): Buffer {
  const payload = grpcMessage(message);
  if (payload.length > MAX_FRAME_PAYLOAD) throw new Error(`a reply of ${payload.length} bytes does not fit one frame`);
  return frame(FrameType.DATA, 0, 0, payload);
}

/** Reply with one message: headers, data and trailers in one write. */
export function unaryReply(message: Uint8Array): Reply {
  return [burst([headersFrame, dataFrame(message), trailersFrame], grpcMessage(message).length)];
}

/** Reply with many messages, each in a frame and a turn of its own, as a model that streams tokens. */
export function streamReply(messages: readonly Uint8Array[]): Reply {
  const bursts = messages.map((message) => burst([dataFrame(message)], grpcMessage(message).length));
  return [burst([headersFrame], 0), ...bursts, burst([trailersFrame], 0)];
}

/** Reply to an unknown method. */
export const unimplementedReply: Reply = [
  burst([frame(FrameType.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, 0, UNIMPLEMENTED)], 0),
];

/** The burst's frames for one stream. */
export function addressTo(streamId: number, { template, idOffsets }: Burst): Buffer {
  const bytes = Buffer.from(template);
  for (const offset of idOffsets) bytes.writeUInt32BE(streamId, offset);
  return bytes;
}
