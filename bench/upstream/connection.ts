import type { Socket } from 'node:net';
import { FieldSelection } from '../../src/grpc/h2/field-selection.js';
import { type Frame, FrameReader } from '../../src/grpc/h2/frame-reader.js';
import {
  DEFAULT_WINDOW,
  Flag,
  frame,
  FrameType,
  PREFACE,
  Setting,
  settingsFrame,
  uint32,
} from '../../src/grpc/h2/frames.js';
import { HeaderBlocks } from '../../src/grpc/h2/header-blocks.js';
import { HpackDecoder } from '../../src/grpc/h2/hpack-decoder.js';
import { addressTo, unimplementedReply, type Reply } from './reply.js';

const MAX_CONCURRENT_STREAMS = 1000;
const NOTHING = Buffer.alloc(0);
/** No string is made of any other header: that is what makes the upstream cheap. */
const PATH_ALONE = new FieldSelection([':path']);

interface Pending {
  readonly streamId: number;
  readonly reply: Reply;
  readonly index: number;
}

/**
 * One HTTP/2 connection that answers gRPC calls with bytes made beforehand (RFC 9113, as much as gRPC clients use).
 * A violation ends the connection: the peers of a benchmark are known, and a wrong answer would be worse than none.
 */
export class Connection {
  private readonly reader = new FrameReader((each) => this.handle(each));
  private readonly blocks = new HeaderBlocks();
  private readonly headers = new HpackDecoder(PATH_ALONE);
  /** Streams whose reply has not ended. At most MAX_CONCURRENT_STREAMS. */
  private readonly streams = new Map<number, Reply>();
  /** Bursts that wait for the connection's window. At most one per stream. */
  private waiting: Pending[] = [];
  private readonly out: Buffer[] = [];
  private prefaceBytes = 0;
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
    this.out.push(settingsFrame([[Setting.MAX_CONCURRENT_STREAMS, MAX_CONCURRENT_STREAMS]]));
  }

  private read(chunk: Buffer): void {
    try {
      const frames = this.prefaceBytes < PREFACE.length ? this.skipPreface(chunk) : chunk;
      this.reader.read(frames, frames.length);
      this.acknowledge();
      this.flush();
    } catch (error) {
      process.stderr.write(`upstream: ${String(error)}\n`);
      this.socket.destroy();
    }
  }

  private skipPreface(chunk: Buffer): Buffer {
    const skipped = Math.min(PREFACE.length - this.prefaceBytes, chunk.length);
    this.prefaceBytes += skipped;
    return chunk.subarray(skipped);
  }

  private handle(each: Frame): void {
    const { flags, streamId, bytes, start, end } = each;
    switch (each.type) {
      case FrameType.HEADERS:
      case FrameType.CONTINUATION:
        return this.begin(each);
      case FrameType.DATA:
        this.received += end - start;
        return flags & Flag.END_STREAM ? this.answer(streamId) : undefined;
      case FrameType.SETTINGS:
        return flags & Flag.ACK ? undefined : this.applySettings(bytes.subarray(start, end));
      case FrameType.PING:
        if (!(flags & Flag.ACK)) this.out.push(frame(FrameType.PING, Flag.ACK, 0, bytes.subarray(start, end)));
        return;
      case FrameType.WINDOW_UPDATE:
        return streamId === 0 ? this.widen(bytes.readUInt32BE(start) & 0x7fffffff) : undefined;
      case FrameType.RST_STREAM:
        this.streams.delete(streamId);
        return;
      default:
    }
  }

  private begin(each: Frame): void {
    const block = this.blocks.take(each);
    if (block === undefined) return;
    this.headers.decode(block.bytes, block.start, block.end);
    if (this.streams.size >= MAX_CONCURRENT_STREAMS) throw new Error('more streams than the settings allow');
    const [path = ''] = this.headers.values;
    this.streams.set(block.streamId, this.replies.get(path) ?? unimplementedReply);
    if (block.endsStream) this.answer(block.streamId);
  }

  private applySettings(payload: Buffer): void {
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      const small = payload.readUInt32BE(at + 2) < DEFAULT_WINDOW;
      if (payload.readUInt16BE(at) === Setting.INITIAL_WINDOW_SIZE && small)
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
