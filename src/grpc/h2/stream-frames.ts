import { malformedEnd } from '../call-ends.js';
import type { ControlFrames } from './control-frames.js';
import type { FieldSelection } from './field-selection.js';
import { type FrameBudget, FrameCost } from './frame-budget.js';
import type { Frame } from './frame-reader.js';
import { ConnectionError, ErrorCode, Flag, CONNECTION_WINDOW, MAX_HEADER_LIST } from './frames.js';
import type { HeaderBlock } from './header-blocks.js';
import { HpackDecoder } from './hpack-decoder.js';
import type { StreamFrameHandler } from './inbound.js';
import { isInformational, ReceiveWindow, type Stream } from './stream.js';
import { type Sender, WINDOW_TOO_WIDE } from './sender.js';
import type { StreamTable } from './stream-table.js';

const WINDOW_EXCEEDED = 'DATA exceeds the flow-control window';

/** What the streams of a connection share. */
export interface StreamParts {
  readonly streams: StreamTable;
  readonly sender: Sender;
  readonly control: ControlFrames;
  readonly budget: FrameBudget;
  /** What is read of header blocks. */
  readonly fields: FieldSelection;
}

/** What a connection is told of its streams. */
export interface StreamEvents {
  /** A stream had headers or trailers. */
  onAnswered(): void;
  /** A stream is over: there is room for another. */
  onRemoved(): void;
  /** A stream was reset by this side. */
  onResetSent(): void;
}

/** Hands frames to the streams that they belong to, and ends streams whose peer breaks a rule. */
export class StreamFrames implements StreamFrameHandler {
  private readonly decoder: HpackDecoder;
  private readonly window = new ReceiveWindow(CONNECTION_WINDOW, CONNECTION_WINDOW);

  constructor(
    private readonly parts: StreamParts,
    private readonly events: StreamEvents,
  ) {
    this.decoder = new HpackDecoder(parts.fields);
  }

  onHeaders({ streamId, endsStream, bytes, start, end }: HeaderBlock): void {
    const { streams, budget } = this.parts;
    const stream = streams.find(streamId);
    this.decoder.decode(bytes, start, end);
    const { values, flaw, listBytes } = this.decoder;
    if (stream === undefined || isInformational(values)) budget.spend(FrameCost.HEADERS);
    else budget.earn();
    if (stream === undefined) return;
    this.events.onAnswered();
    if (endsStream) this.finish(stream);
    stream.listener.onHeaders({ values, flaw, isTooLarge: listBytes > MAX_HEADER_LIST, endsStream });
  }

  onData({ streamId, flags, bytes, start, end }: Frame, windowBytes: number): void {
    const { streams, budget, control } = this.parts;
    if (!this.window.arrive(windowBytes)) throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, WINDOW_EXCEEDED);
    control.widen(0, this.window.release(windowBytes));
    const stream = streams.find(streamId);
    const endsStream = (flags & Flag.END_STREAM) !== 0;
    if (stream === undefined || (start === end && !endsStream)) budget.spend(FrameCost.PLAIN);
    else budget.earn();
    if (stream === undefined) return;
    if (!stream.window.arrive(windowBytes)) return this.fail(stream, ErrorCode.FLOW_CONTROL_ERROR, WINDOW_EXCEEDED);
    if (endsStream) this.finish(stream);
    const held = end > start ? stream.listener.onData(bytes, start, end) : 0;
    if (endsStream) stream.listener.onEnd();
    else this.release(stream, windowBytes - held);
  }

  onWindow(streamId: number, increment: number): void {
    const { streams, sender } = this.parts;
    if (streamId === 0) return sender.widen(increment);
    const stream = streams.find(streamId);
    if (stream === undefined || sender.widenStream(stream, increment)) return;
    this.fail(stream, ErrorCode.FLOW_CONTROL_ERROR, WINDOW_TOO_WIDE);
  }

  onReset(streamId: number, errorCode: number): void {
    const stream = this.parts.streams.find(streamId);
    if (stream === undefined) return;
    this.remove(stream);
    stream.listener.onReset(errorCode);
  }

  onStreamError(streamId: number, errorCode: number, details: string): void {
    const stream = this.parts.streams.find(streamId);
    if (stream !== undefined) this.fail(stream, errorCode, details);
  }

  /** Lets so many bytes of a stream go that were held. */
  release(stream: Stream, bytes: number): void {
    const increment = stream.window.release(bytes);
    if (this.parts.streams.isOpen(stream)) this.parts.control.widen(stream.id, increment);
  }

  /** Ends a stream, also at the peer. Does nothing for one that is over. */
  reset(stream: Stream, errorCode: number): void {
    const { streams, control, budget } = this.parts;
    if (!streams.isOpen(stream)) return;
    control.reset(stream.id, errorCode);
    budget.expectRest();
    this.remove(stream);
    this.events.onResetSent();
  }

  /** Takes a stream out that is over. */
  remove(stream: Stream): void {
    const { streams, sender } = this.parts;
    streams.remove(stream);
    sender.forget(stream);
    this.events.onRemoved();
  }

  private fail(stream: Stream, errorCode: number, details: string): void {
    this.reset(stream, errorCode);
    stream.listener.onViolation(malformedEnd(details));
  }

  /** The peer has answered. If it did so before it had the whole request, the rest is not sent. */
  private finish(stream: Stream): void {
    if (stream.unsent !== undefined) return this.reset(stream, ErrorCode.NO_ERROR);
    this.remove(stream);
  }
}
