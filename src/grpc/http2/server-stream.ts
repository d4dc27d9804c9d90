import type { GatewayError } from '../../domain/errors.js';
import type { CallEnd } from '../grpc-failure.js';
import { GrpcStatus } from '../grpc-code.js';
import { PulledStream } from '../pulled-stream.js';
import { callError } from '../status.js';
import type { TransportCall } from '../transport.js';
import { ReceiveBuffer } from './receive-buffer.js';
import { localEnd, transportEnd } from './call-ends.js';
import { ClientCall, type ClientCallParts } from './client-call.js';
import { MessageReader } from './message-reader.js';
import { STREAM_WINDOW } from './own-settings.js';
import type { Receiver } from './receiver.js';

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
