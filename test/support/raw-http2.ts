import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { FrameReader } from '../../src/grpc/h2/frame-reader.js';
import { Flag, frame, FrameType, PREFACE, settingsFrame, uint32 } from '../../src/grpc/h2/frames.js';
import { frame as message } from './http2-stub.js';

/** A frame as it arrived. */
export interface ArrivedFrame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

/** A field that no table remembers: it means the same on any connection. */
export function literal(name: string, value: string): Buffer {
  const [nameBytes, valueBytes] = [Buffer.from(name, 'latin1'), Buffer.from(value, 'latin1')];
  return Buffer.concat([Buffer.of(0, name.length), nameBytes, Buffer.of(value.length), valueBytes]);
}

/** `:status: 200` and gRPC's content type. */
export const GRPC_HEADER_BLOCK = Buffer.concat([Buffer.of(0x88), literal('content-type', 'application/grpc')]);

/** Headers, message and trailers of a good answer. */
export function goodAnswer(streamId: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([
    frame(FrameType.HEADERS, Flag.END_HEADERS, streamId, GRPC_HEADER_BLOCK),
    frame(FrameType.DATA, 0, streamId, message(bytes)),
    frame(FrameType.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, streamId, literal('grpc-status', '0')),
  ]);
}

/** Part of a response that is sent before its stream is reset. */
export type Progress = 'before headers' | 'after headers' | 'in a message';

/** RST_STREAM with a code. */
export function resetAnswer(streamId: number, code: number, progress: Progress): Buffer {
  const headers = frame(FrameType.HEADERS, Flag.END_HEADERS, streamId, GRPC_HEADER_BLOCK);
  const half = frame(FrameType.DATA, 0, streamId, message(Buffer.from('half'), { length: 100 }));
  const begun = { 'before headers': [], 'after headers': [headers], 'in a message': [headers, half] }[progress];
  return Buffer.concat([...begun, frame(FrameType.RST_STREAM, 0, streamId, uint32(code))]);
}

/** GOAWAY with the last stream that was touched, and why. */
export function goAwayFrame(lastStreamId: number, errorCode = 0, debug = ''): Buffer {
  const payload = Buffer.concat([uint32(lastStreamId), uint32(errorCode), Buffer.from(debug)]);
  return frame(FrameType.GOAWAY, 0, 0, payload);
}

/** One client's connection to a peer that writes its frames by hand, right or wrong. */
export class RawConnection {
  readonly frames: ArrivedFrame[] = [];

  constructor(
    readonly socket: Socket,
    private readonly onFrame: (frame: ArrivedFrame, connection: RawConnection) => void,
  ) {
    const reader = new FrameReader(({ type, flags, streamId, bytes, start, end }) => {
      const arrived = { type, flags, streamId, payload: Buffer.from(bytes.subarray(start, end)) };
      this.frames.push(arrived);
      this.onFrame(arrived, this);
    });
    let skip = PREFACE.length;
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      const rest = chunk.subarray(skip);
      skip = Math.max(skip - chunk.length, 0);
      reader.read(rest, rest.length);
    });
  }

  send(...frames: readonly Uint8Array[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  /** Frames of a type that have arrived. */
  of(type: number): ArrivedFrame[] {
    return this.frames.filter((each) => each.type === type);
  }
}

/** A peer under such connections. */
export interface RawPeer {
  readonly target: string;
  readonly connections: RawConnection[];
  close(): Promise<void>;
}

/** Starts a peer; it greets each client with SETTINGS of its own unless told otherwise. */
export async function rawPeer(
  onFrame: (frame: ArrivedFrame, connection: RawConnection) => void,
  greeting: Uint8Array = settingsFrame([]),
): Promise<RawPeer> {
  const connections: RawConnection[] = [];
  const server = createServer((socket) => {
    const connection = new RawConnection(socket, onFrame);
    connections.push(connection);
    connection.send(greeting);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    target: `ipv4:127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections,
    async close() {
      for (const { socket } of connections) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
