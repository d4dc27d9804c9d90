import { GrpcStatus } from '../grpc-code.js';
import type { CallEnd } from '../grpc-failure.js';
import { goAwayEnd, protocolEnd, transportEnd } from '../call-ends.js';
import { ControlFrames } from './control-frames.js';
import type { FieldSelection } from './field-selection.js';
import { FrameBudget } from './frame-budget.js';
import { ConnectionError, ErrorCode, CLIENT_PREFACE } from './frames.js';
import { type ConnectionFrameHandler, Inbound } from './inbound.js';
import { Keepalive, type KeepaliveSettings, Standstill } from './keepalive.js';
import { PeerSettings } from './peer-settings.js';
import { type Origin, RequestHeaderEncoder } from './request-header-encoder.js';
import { Sender } from './sender.js';
import type { TransportCall } from '../transport.js';
import type { Stream, StreamListener } from './stream.js';
import { type StreamEvents, StreamFrames } from './stream-frames.js';
import { StreamTable } from './stream-table.js';
import { type Dial, FramedSocket, type SocketEvents } from './framed-socket.js';

/** What a connection needs beside its owner. */
export interface ConnectionParts {
  readonly dial: Dial;
  readonly origin: Origin;
  readonly keepalive: KeepaliveSettings;
  /** Fields to read of header blocks; `:status` is the first. */
  readonly fields: FieldSelection;
}

/** Reason to replace an open connection: it does not respond, or its requests do not move. */
export type Suspicion = 'silent' | 'stuck';

/** Events of a connection. */
export interface ConnectionOwner {
  /** The peer's SETTINGS have arrived: calls may be opened. */
  onReady(connection: Connection): void;
  /** No further calls; those in flight continue. */
  onDraining(connection: Connection): void;
  /** The last event. @param end of the calls that were in flight. */
  onClosed(connection: Connection, end: CallEnd): void;
  /** So many of its calls were reset that the peer may soon close it. */
  onResetBudgetExhausted(connection: Connection): void;
  onSuspect(connection: Connection, reason: Suspicion): void;
  /** @param success of a call, as far as it says something of the backend. */
  onOutcome(connection: Connection, success: boolean): void;
  /** There may be room for a call again. */
  onRoom(): void;
  /** The peer wants fewer pings. */
  onTooManyPings(): void;
}

const DROPPED = 'Connection dropped';
/**
 * Peers hang up on clients that reset streams again and again (CVE-2023-44487), with all that is in flight: Node and
 * nghttp2 beyond 1,000 pending ones, Envoy beyond 500. The connection is replaced long before that.
 */
const MAX_RESETS = 400;

/** One HTTP/2 connection of a client whose calls have one message each (RFC 9113). No event of its socket can throw. */
export class Connection implements ConnectionFrameHandler, StreamEvents, SocketEvents {
  private readonly peer: PeerSettings = new PeerSettings({
    onHeaderTableSize: (bytes) => this.headerEncoder.resizeTable(bytes),
    onInitialWindow: (difference) => this.sender.shiftWindows(difference),
  });
  private readonly budget = new FrameBudget();
  private readonly standstill = new Standstill();
  private readonly socket: FramedSocket;
  private readonly control: ControlFrames;
  private readonly sender: Sender;
  private readonly headerEncoder: RequestHeaderEncoder;
  private readonly keepalive: Keepalive;
  private readonly frames: StreamFrames;
  private readonly inbound: Inbound;
  private readonly streams = new StreamTable();
  private state: 'opening' | 'open' | 'draining' | 'closed' = 'opening';
  private resets = 0;
  /** Why it ends, when that is known before the socket closes. */
  private reason: CallEnd | undefined;

  constructor(
    parts: ConnectionParts,
    private readonly owner: ConnectionOwner,
  ) {
    this.socket = new FramedSocket(parts.dial, this);
    this.control = new ControlFrames(this.socket.writeBuffer);
    this.sender = new Sender(this.socket, this.peer);
    this.headerEncoder = new RequestHeaderEncoder(this.socket.writeBuffer, this.peer, parts.origin);
    const { streams, sender, control, budget } = this;
    this.frames = new StreamFrames({ streams, sender, control, budget, fields: parts.fields }, this);
    this.inbound = new Inbound(this, this.frames, this.budget);
    this.keepalive = new Keepalive(parts.keepalive, {
      ping: () => this.control.ping(),
      suspect: () => this.suspect('silent'),
      giveUp: () => this.socket.destroy(new Error(`${DROPPED}: no answer to a ping`)),
    });
  }

  /** Calls that are open on it. */
  get inFlight(): number {
    return this.streams.size;
  }

  /** Whether a call can be opened now. */
  get hasRoom(): boolean {
    return this.state === 'open' && !this.socket.isCongested && this.streams.size < this.peer.maxConcurrentStreams;
  }

  /** Returns whether the peer takes the header list of a call. */
  takes(call: TransportCall): boolean {
    return this.headerEncoder.fits(call);
  }

  /** Sends the listener's call. Ask for room first. @param now in `performance.now()` ms. */
  open(listener: StreamListener, now: number): Stream {
    this.budget.earn();
    const stream = this.streams.open(listener, this.peer.initialWindow);
    try {
      this.headerEncoder.write(stream.id, listener.call, listener.call.deadlineAt - now);
      this.sender.start(stream, listener.call.request, now);
    } catch (error) {
      // Half a header block: the tables of both sides differ, and a later call could be told to be another tenant's.
      this.socket.destroy(new Error(DROPPED, { cause: error }));
    }
    if (this.streams.isUsedUp) this.drain();
    return stream;
  }

  /** Ends a stream, also at the peer. Does nothing for one that is over. */
  cancel(stream: Stream, errorCode: number = ErrorCode.CANCEL): void {
    this.frames.reset(stream, errorCode);
  }

  /** Lets so many bytes of a stream go that were held. */
  release(stream: Stream, bytes: number): void {
    this.frames.release(stream, bytes);
  }

  /** Takes what a call on it proved. */
  recordOutcome(success: boolean): void {
    this.owner.onOutcome(this, success);
  }

  /** Has another connection made in its place: this one carries nothing, although it is open. */
  suspect(reason: Suspicion): void {
    if (this.state === 'open') this.owner.onSuspect(this, reason);
  }

  /** A call had no answer, and waits no more. @param openedAt when it was opened, in `performance.now()` ms. */
  onUnanswered(stream: Stream, openedAt: number): void {
    if (this.keepalive.heardAt < openedAt) this.keepalive.probe();
    if (stream.unsent !== undefined && this.standstill.isSeen(this.sender.sentAt, openedAt)) this.suspect('stuck');
  }

  /** Takes no more calls, and closes when the last one has ended. Idempotent. */
  drain(): void {
    if (this.state === 'opening') return this.socket.destroy(new Error(DROPPED));
    if (this.state === 'open') {
      this.state = 'draining';
      this.owner.onDraining(this);
    }
    this.closeIfDone();
  }

  /** Gives an attempt up that took too long. */
  abandon(error: Error): void {
    this.socket.destroy(error);
  }

  onConnected(): void {
    this.socket.writeBuffer.push(CLIENT_PREFACE);
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
    this.peer.apply(bytes, start, end);
    this.control.acknowledgeSettings();
    this.sender.resume();
    if (this.state !== 'opening') return this.owner.onRoom();
    this.state = 'open';
    this.keepalive.start();
    this.owner.onReady(this);
  }

  onPing(data: Buffer): void {
    this.control.answerPing(data);
  }

  onGoAway(lastStreamId: number, errorCode: number, debug: string): void {
    const end = goAwayEnd(errorCode);
    if (errorCode !== ErrorCode.NO_ERROR) this.reason = end;
    if (errorCode === ErrorCode.ENHANCE_YOUR_CALM && debug === 'too_many_pings') this.owner.onTooManyPings();
    const untouched = this.streams.after(lastStreamId);
    this.drain();
    for (const stream of untouched) {
      this.frames.remove(stream);
      stream.listener.onUnprocessed(end);
    }
  }

  onAnswered(): void {
    this.keepalive.answered();
  }

  onRemoved(): void {
    if (this.state === 'draining') this.closeIfDone();
    else this.owner.onRoom();
  }

  onResetSent(): void {
    if (++this.resets === MAX_RESETS) this.owner.onResetBudgetExhausted(this);
  }

  private closeIfDone(): void {
    if (this.state !== 'draining' || this.streams.size > 0) return;
    this.goAway(ErrorCode.NO_ERROR);
  }

  private violate(error: unknown): void {
    const code = error instanceof ConnectionError ? error.code : ErrorCode.INTERNAL_ERROR;
    this.reason = protocolEnd(error instanceof Error ? error.message : 'unknown');
    this.owner.onOutcome(this, false);
    this.goAway(code);
  }

  /** Says why and closes. */
  private goAway(errorCode: number): void {
    this.control.goAway(errorCode);
    this.socket.end();
  }
}
