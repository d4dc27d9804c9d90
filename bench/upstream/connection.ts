import type { Socket } from 'node:net';
import { FRAME_HEADER, Flag, FrameType, frame } from './frames.js';
import { PathDecoder } from './hpack.js';
import { addressTo, unimplementedReply, type Reply } from './reply.js';

const PREFACE_BYTES = 24;
const MAX_CONCURRENT_STREAMS = 1000;
const MAX_FRAME_BYTES = 16_384;
const DEFAULT_WINDOW = 65_535;
const SETTINGS_MAX_CONCURRENT_STREAMS = 3;
const SETTINGS_INITIAL_WINDOW_SIZE = 4;
const NOTHING = Buffer.alloc(0);

interface Pending {
  readonly streamId: number;
  readonly reply: Reply;
  readonly index: number;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function settings(): Buffer {
  const payload = Buffer.alloc(6);
  payload.writeUInt16BE(SETTINGS_MAX_CONCURRENT_STREAMS);
  payload.writeUInt32BE(MAX_CONCURRENT_STREAMS, 2);
  return frame(FrameType.SETTINGS, 0, 0, payload);
}

/**
 * One HTTP/2 connection that answers gRPC calls with bytes made beforehand (RFC 9113, as much as gRPC clients use).
 * A violation ends the connection: the peers of a benchmark are known, and a wrong answer would be worse than none.
 */
export class Connection {
  private readonly paths = new PathDecoder();
  /** Streams whose reply has not ended. At most MAX_CONCURRENT_STREAMS. */
  private readonly streams = new Map<number, Reply>();
  /** Bursts that wait for the connection's window. At most one a stream. */
  private waiting: Pending[] = [];
  private readonly out: Buffer[] = [];
  private rest: Buffer = NOTHING;
  private awaitsPreface = true;
  private sendWindow = DEFAULT_WINDOW;
  private received = 0;

  constructor(
    private readonly socket: Socket,
    private readonly replies: ReadonlyMap<string, Reply>,
  ) {
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.streams.clear());
    socket.on('data', (chunk: Buffer) => this.read(chunk));
    this.out.push(settings());
  }

  private read(chunk: Buffer): void {
    try {
      this.frames(this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]));
      this.acknowledge();
      this.flush();
    } catch (error) {
      process.stderr.write(`upstream: ${String(error)}\n`);
      this.socket.destroy();
    }
  }

  private frames(bytes: Buffer): void {
    let at = 0;
    if (this.awaitsPreface && bytes.length >= PREFACE_BYTES) {
      this.awaitsPreface = false;
      at = PREFACE_BYTES;
    }
    while (!this.awaitsPreface && bytes.length - at >= FRAME_HEADER) {
      const length = bytes.readUIntBE(at, 3);
      if (length > MAX_FRAME_BYTES) throw new Error(`a frame of ${length} bytes`);
      const end = at + FRAME_HEADER + length;
      if (bytes.length < end) break;
      this.handle(bytes.subarray(at, end));
      at = end;
    }
    this.rest = at === bytes.length ? NOTHING : bytes.subarray(at);
  }

  private handle(bytes: Buffer): void {
    const flags = bytes[4] as number;
    const streamId = bytes.readUInt32BE(5) & 0x7fffffff;
    switch (bytes[3] as number) {
      case FrameType.HEADERS:
        return this.headers(streamId, flags, bytes);
      case FrameType.DATA:
        this.received += bytes.length - FRAME_HEADER;
        return flags & Flag.END_STREAM ? this.answer(streamId) : undefined;
      case FrameType.SETTINGS:
        return flags & Flag.ACK ? undefined : this.applySettings(bytes.subarray(FRAME_HEADER));
      case FrameType.PING:
        if (!(flags & Flag.ACK)) this.out.push(frame(FrameType.PING, Flag.ACK, 0, bytes.subarray(FRAME_HEADER)));
        return;
      case FrameType.WINDOW_UPDATE:
        return streamId === 0 ? this.widen(bytes.readUInt32BE(FRAME_HEADER) & 0x7fffffff) : undefined;
      case FrameType.RST_STREAM:
        this.streams.delete(streamId);
        return;
      case FrameType.CONTINUATION:
        throw new Error('a header block of more than one frame');
      default:
    }
  }

  private headers(streamId: number, flags: number, bytes: Buffer): void {
    if (!(flags & Flag.END_HEADERS)) throw new Error('a header block of more than one frame');
    const padding = flags & Flag.PADDED ? (bytes[FRAME_HEADER] as number) : 0;
    const start = FRAME_HEADER + (flags & Flag.PADDED ? 1 : 0) + (flags & Flag.PRIORITY ? 5 : 0);
    const path = this.paths.decode(bytes.subarray(start, bytes.length - padding));
    if (this.streams.size >= MAX_CONCURRENT_STREAMS) throw new Error('more streams than the settings allow');
    this.streams.set(streamId, this.replies.get(path ?? '') ?? unimplementedReply);
    if (flags & Flag.END_STREAM) this.answer(streamId);
  }

  private applySettings(payload: Buffer): void {
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      const small = payload.readUInt32BE(at + 2) < DEFAULT_WINDOW;
      if (payload.readUInt16BE(at) === SETTINGS_INITIAL_WINDOW_SIZE && small)
        throw new Error('a window below the default');
    }
    this.out.push(frame(FrameType.SETTINGS, Flag.ACK, 0, NOTHING));
  }

  private widen(increment: number): void {
    this.sendWindow += increment;
    const waiting = this.waiting;
    this.waiting = [];
    for (const pending of waiting) this.send(pending);
  }

  private answer(streamId: number): void {
    const reply = this.streams.get(streamId);
    if (reply) this.send({ streamId, reply, index: 0 });
  }

  /** A reply is smaller than a stream's first window, so the connection's window alone decides. */
  private send(pending: Pending): void {
    const { streamId, reply, index } = pending;
    const burst = reply[index];
    if (burst === undefined || !this.streams.has(streamId)) return;
    if (burst.dataBytes > this.sendWindow) {
      this.waiting.push(pending);
      return;
    }
    this.sendWindow -= burst.dataBytes;
    this.out.push(addressTo(streamId, burst));
    if (index + 1 === reply.length) this.streams.delete(streamId);
    else setImmediate(() => this.sendLater({ streamId, reply, index: index + 1 }));
  }

  private sendLater(pending: Pending): void {
    this.send(pending);
    this.flush();
  }

  private acknowledge(): void {
    if (this.received === 0) return;
    this.out.push(frame(FrameType.WINDOW_UPDATE, 0, 0, uint32(this.received)));
    this.received = 0;
  }

  /** Everything that one read produced leaves in one write; flow control bounds how much that is. */
  private flush(): void {
    if (this.out.length === 0 || this.socket.destroyed) return;
    this.socket.write(this.out.length === 1 ? (this.out[0] as Buffer) : Buffer.concat(this.out));
    this.out.length = 0;
  }
}
