import { GrpcStatus } from '../grpc-code.js';
import type { CallEnd } from '../grpc-failure.js';
import { goAwayEnd, protocolEnd, transportEnd } from './call-ends.js';
import type { ConnectionOwner } from './connection-owner.js';
import { ConnectionError, ErrorCode, Flag, frame, FrameType, uint32 } from './frames.js';
import type { Frame } from './frame-reader.js';
import type { HeaderBlock } from './header-blocks.js';
import { HpackDecoder } from './hpack-decoder.js';
import { Inbound, type InboundHandler } from './inbound.js';
import { Keepalive, type KeepaliveSettings } from './keepalive.js';
import { CONNECTION_WINDOW, GREETING, MAX_HEADER_LIST, ReceiveWindow } from './own-settings.js';
import { PeerSettings } from './peer-settings.js';
import { type Origin, RequestHeads } from './request-head.js';
import { RESPONSE_FIELDS } from './response-fields.js';
import { Sender } from './sender.js';
import type { Stream, StreamListener } from './stream.js';
import { StreamTable } from './stream-table.js';
import { type Dial, Wire, type WireEvents } from './wire.js';

/** What a connection needs beside its owner. */
export interface ConnectionParts {
  readonly dial: Dial;
  readonly origin: Origin;
  readonly keepalive: KeepaliveSettings;
}

const DROPPED = 'Connection dropped';
/**
 * Peers hang up on clients that reset streams again and again (CVE-2023-44487), with all that is in flight: Node and
 * nghttp2 beyond 1,000 at once, Envoy beyond 500. Long before that the connection is worn.
 */
const MAX_RESETS = 400;

/** One HTTP/2 connection of a client whose calls have one message each (RFC 9113). No event of its socket can throw. */
export class Connection implements InboundHandler, WireEvents {
  private readonly peer = new PeerSettings();
  private readonly decoder = new HpackDecoder(RESPONSE_FIELDS);
  private readonly inbound = new Inbound(this);
  private readonly window = new ReceiveWindow(CONNECTION_WINDOW, CONNECTION_WINDOW);
  private readonly wire: Wire;
  private readonly sender: Sender;
  private readonly heads: RequestHeads;
  private readonly keepalive: Keepalive;
  private readonly streams = new StreamTable();
  private state: 'opening' | 'open' | 'draining' | 'closed' = 'opening';
  private resets = 0;
  /** Why it ends, when that is known before the socket closes. */
  private reason: CallEnd | undefined;

  constructor(
    parts: ConnectionParts,
    private readonly owner: ConnectionOwner,
  ) {
    this.wire = new Wire(parts.dial, this);
    this.sender = new Sender(this.wire, this.peer);
    this.heads = new RequestHeads(this.wire.outbox, this.peer, parts.origin);
    this.keepalive = new Keepalive(parts.keepalive, {
      ping: () => this.send(FrameType.PING, 0, Buffer.alloc(8)),
      giveUp: () => this.wire.destroy(new Error(`${DROPPED}: no answer to a ping`)),
    });
  }

  /** Whether a call can be opened now. */
  get hasRoom(): boolean {
    return this.state === 'open' && !this.wire.isCongested && this.streams.size < this.peer.maxConcurrentStreams;
  }

  /** Sends the listener's call. Ask for room first. */
  open(listener: StreamListener, remainingMs: number): Stream {
    const stream = this.streams.open(listener, this.peer.initialWindow);
    try {
      this.heads.write(stream.id, listener.call, remainingMs);
      this.sender.start(stream, listener.call.request);
    } catch (error) {
      // Half a header block: the tables of both sides differ, and a later call could be told to be another tenant's.
      this.wire.destroy(new Error(DROPPED, { cause: error }));
    }
    if (this.streams.isUsedUp) this.drain();
    return stream;
  }

  /** Ends a stream, also at the peer. Does nothing for one that is over. */
  cancel(stream: Stream, errorCode: number = ErrorCode.CANCEL): void {
    if (!this.streams.isOpen(stream)) return;
    this.send(FrameType.RST_STREAM, stream.id, uint32(errorCode));
    this.remove(stream);
    if (++this.resets === MAX_RESETS) this.owner.onWorn(this);
  }

  /** Takes what a call on it proved. */
  judge(isSound: boolean): void {
    this.owner.onOutcome(isSound);
  }

  /** Takes no more calls, and closes when the last one has ended. Idempotent. */
  drain(): void {
    if (this.state === 'opening') return this.wire.destroy(new Error(DROPPED));
    if (this.state === 'open') {
      this.state = 'draining';
      this.owner.onDraining(this);
    }
    this.closeIfDone();
  }

  /** Gives an attempt up that took too long. */
  abandon(error: Error): void {
    this.wire.destroy(error);
  }

  onConnected(): void {
    this.wire.outbox.push(GREETING);
  }

  onBytes(chunk: Buffer, length: number): void {
    this.keepalive.heard();
    try {
      this.inbound.read(chunk, length);
    } catch (error) {
      this.violate(error);
    }
  }

  onRelief(): void {
    this.sender.resume();
    this.owner.onRoom();
  }

  onClosed(error: Error | undefined): void {
    const details = error?.message ?? (this.state === 'opening' ? 'the peer hung up' : DROPPED);
    const end = this.reason ?? transportEnd(GrpcStatus.UNAVAILABLE, details);
    this.state = 'closed';
    this.keepalive.stop();
    for (const { listener } of this.streams.removeAll()) listener.onLost(end);
    this.owner.onClosed(this, end);
  }

  onSettings(bytes: Buffer, start: number, end: number): void {
    const { initialWindow } = this.peer;
    this.peer.apply(bytes, start, end);
    this.wire.outbox.push(frame(FrameType.SETTINGS, Flag.ACK, 0, Buffer.alloc(0)));
    this.sender.shiftWindows(this.peer.initialWindow - initialWindow);
    if (this.state !== 'opening') return this.owner.onRoom();
    this.state = 'open';
    this.keepalive.start();
    this.owner.onReady(this);
  }

  onPing(data: Buffer): void {
    this.wire.outbox.push(frame(FrameType.PING, Flag.ACK, 0, data));
  }

  onGoAway(lastStreamId: number, errorCode: number, debug: string): void {
    const end = goAwayEnd(errorCode);
    if (errorCode !== ErrorCode.NO_ERROR) this.reason = end;
    if (errorCode === ErrorCode.ENHANCE_YOUR_CALM && debug === 'too_many_pings') this.owner.onTooManyPings();
    const untouched = this.streams.after(lastStreamId);
    this.drain();
    for (const stream of untouched) {
      this.remove(stream);
      stream.listener.onUntouched(end);
    }
  }

  onWindow(streamId: number, increment: number): void {
    if (streamId === 0) return this.sender.widen(increment);
    const stream = this.streams.find(streamId);
    if (stream !== undefined) this.sender.widenStream(stream, increment);
  }

  onHeaders({ streamId, endsStream, bytes, start, end }: HeaderBlock): void {
    const stream = this.streams.find(streamId);
    this.decoder.decode(bytes, start, end);
    if (stream === undefined) return;
    if (endsStream) this.finish(stream);
    const isTooLarge = this.decoder.listBytes > MAX_HEADER_LIST;
    stream.listener.onHeaders({ values: this.decoder.values, isTooLarge, endsStream });
  }

  onData({ streamId, flags, bytes, start, end }: Frame, windowBytes: number): void {
    this.window.arrive(windowBytes);
    this.widen(0, this.window.release(windowBytes));
    const stream = this.streams.find(streamId);
    if (stream === undefined) return;
    stream.window.arrive(windowBytes);
    const endsStream = (flags & Flag.END_STREAM) !== 0;
    if (endsStream) this.finish(stream);
    const held = end > start ? stream.listener.onData(bytes, start, end) : 0;
    if (endsStream) stream.listener.onEnd();
    else this.release(stream, windowBytes - held);
  }

  /** Lets so many bytes of a stream go that were held. */
  release(stream: Stream, bytes: number): void {
    const increment = stream.window.release(bytes);
    if (increment > 0 && this.streams.isOpen(stream)) this.widen(stream.id, increment);
  }

  onReset(streamId: number, errorCode: number): void {
    const stream = this.streams.find(streamId);
    if (stream === undefined) return;
    this.remove(stream);
    stream.listener.onReset(errorCode);
  }

  /** The peer has answered. If it did so before it had the whole request, the rest is not sent. */
  private finish(stream: Stream): void {
    if (stream.unsent !== undefined) return this.cancel(stream, ErrorCode.NO_ERROR);
    this.remove(stream);
  }

  private remove(stream: Stream): void {
    this.streams.remove(stream);
    this.sender.forget(stream);
    if (this.state === 'draining') this.closeIfDone();
    else this.owner.onRoom();
  }

  private closeIfDone(): void {
    if (this.state !== 'draining' || this.streams.size > 0) return;
    this.goAway(ErrorCode.NO_ERROR);
  }

  private violate(error: unknown): void {
    const code = error instanceof ConnectionError ? error.code : ErrorCode.INTERNAL_ERROR;
    this.reason = protocolEnd(error instanceof Error ? error.message : 'unknown');
    this.goAway(code);
  }

  /** Says why and closes. Of streams that the server could open there are none, so its last is 0. */
  private goAway(errorCode: number): void {
    this.send(FrameType.GOAWAY, 0, Buffer.concat([uint32(0), uint32(errorCode)]));
    this.wire.end();
  }

  private widen(streamId: number, increment: number): void {
    if (increment > 0) this.send(FrameType.WINDOW_UPDATE, streamId, uint32(increment));
  }

  private send(type: number, streamId: number, payload: Uint8Array): void {
    this.wire.outbox.push(frame(type, 0, streamId, payload));
  }
}
