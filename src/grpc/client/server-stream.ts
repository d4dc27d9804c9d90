import type { GatewayError } from '../../domain/errors.js';
import type { CallEnd } from '../grpc-failure.js';
import { GrpcStatus } from '../grpc-code.js';
import { PulledStream } from '../pulled-stream.js';
import { callError } from '../status.js';
import type { TransportCall } from '../transport.js';
import { localEnd, transportEnd } from '../call-ends.js';
import { ClientCall, type ClientCallParts } from './client-call.js';
import { MessageReader } from './message-reader.js';
import { STREAM_WINDOW } from '../h2/frames.js';
import type { Receiver } from './response.js';

const CANCELLED = localEnd(GrpcStatus.CANCELLED, 'Cancelled on client');
const CUT_OFF = transportEnd(GrpcStatus.INTERNAL, 'Received a message that was cut off');

/** A server stream that is read on demand: bytes are let go of, and the backend may send more, as messages are taken from them. */
export class ServerStream extends PulledStream implements Receiver {
  readonly windowBytes = STREAM_WINDOW;
  readonly isHolding = true;
  readonly missing = undefined;
  private readonly clientCall: ClientCall;
  private readonly receiveBuffer = new ReceiveBuffer();
  private message: MessageReader;

  constructor(
    private readonly call: TransportCall,
    private readonly parts: ClientCallParts,
  ) {
    super(call.signal);
    this.clientCall = new ClientCall(call, parts, this);
    this.message = this.nextMessage();
  }

  start(): void {
    this.clientCall.start();
  }

  data(bytes: Buffer, start: number, end: number): undefined {
    if (this.isOver) return;
    this.receiveBuffer.push(bytes, start, end);
    this.serve();
  }

  protected override take(): Uint8Array | undefined {
    const { message } = this;
    if (this.receiveBuffer.length > 0) this.clientCall.release(this.receiveBuffer.feed(message));
    if (message.failure !== undefined) this.failParse(message.failure);
    if (message.message !== undefined) this.message = this.nextMessage();
    return message.message;
  }

  protected override drop(): void {
    this.receiveBuffer.clear();
    this.message = this.nextMessage();
  }

  protected override cancelCall(): void {
    this.clientCall.fail(CANCELLED);
  }

  /** A stream that ends inside a message was cut off, whatever its status says. */
  protected override endError(): GatewayError | undefined {
    const error = this.error ?? (this.message.hasBegun ? callError(this.call, CUT_OFF) : undefined);
    this.drop();
    return error;
  }

  /** What came makes no sense, whatever status came with it. */
  private failParse(end: CallEnd): void {
    this.drop();
    this.isOver = true;
    this.error = callError(this.call, end);
    this.clientCall.fail(end);
  }

  private nextMessage(): MessageReader {
    return new MessageReader(this.parts.maxReceiveBytes);
  }
}

const FIRST_BYTES = 4_096;
const EMPTY = Buffer.alloc(0);

/** Bytes that wait for their reader, in one piece. Whoever fills it keeps within a window. */
export class ReceiveBuffer {
  private bytes: Buffer = EMPTY;
  private start = 0;
  private end = 0;

  get length(): number {
    return this.end - this.start;
  }

  /** Copies bytes in. */
  push(bytes: Buffer, from: number, to: number): void {
    this.makeRoom(to - from);
    bytes.copy(this.bytes, this.end, from, to);
    this.end += to - from;
  }

  /** Gives a message what there is of it. Returns how many bytes that were. */
  feed(reader: MessageReader): number {
    const { start } = this;
    this.start = reader.take(this.bytes, start, this.end);
    return this.start - start;
  }

  clear(): void {
    this.bytes = EMPTY;
    this.start = this.end = 0;
  }

  private makeRoom(bytes: number): void {
    if (this.start === this.end) this.start = this.end = 0;
    if (this.end + bytes <= this.bytes.length) return;
    const { length } = this;
    const fits = length + bytes <= this.bytes.length;
    const target = fits
      ? this.bytes
      : Buffer.allocUnsafeSlow(Math.max(length + bytes, 2 * this.bytes.length, FIRST_BYTES));
    this.bytes.copy(target, 0, this.start, this.end);
    this.bytes = target;
    this.start = 0;
    this.end = length;
  }
}
