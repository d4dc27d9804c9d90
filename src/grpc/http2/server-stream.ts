import type { GatewayError } from '../../domain/errors.js';
import type { CallEnd } from '../grpc-failure.js';
import { GrpcStatus } from '../grpc-code.js';
import { PulledStream } from '../pulled-stream.js';
import { callError } from '../status.js';
import type { TransportCall } from '../transport.js';
import { Backlog } from './backlog.js';
import { localEnd, transportEnd } from './call-ends.js';
import { Exchange, type ExchangeParts } from './exchange.js';
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
  private readonly exchange: Exchange;
  private readonly backlog = new Backlog();
  private message: MessageReader;

  constructor(
    private readonly call: TransportCall,
    private readonly parts: ExchangeParts,
  ) {
    super(call.signal);
    this.exchange = new Exchange(call, parts, this);
    this.message = this.nextMessage();
  }

  start(): void {
    this.exchange.start();
  }

  data(bytes: Buffer, start: number, end: number): undefined {
    if (this.isOver) return;
    this.backlog.push(bytes, start, end);
    this.serve();
  }

  protected override take(): Uint8Array | undefined {
    const { message } = this;
    if (this.backlog.length > 0) this.exchange.release(this.backlog.feed(message));
    if (message.failure !== undefined) this.spoil(message.failure);
    if (message.message !== undefined) this.message = this.nextMessage();
    return message.message;
  }

  protected override drop(): void {
    this.backlog.clear();
    this.message = this.nextMessage();
  }

  protected override cancelCall(): void {
    this.exchange.fail(CANCELLED);
  }

  /** A stream that ends inside a message was cut off, whatever its status says. */
  protected override endError(): GatewayError | undefined {
    const error = this.error ?? (this.message.hasBegun ? callError(this.call, CUT_OFF) : undefined);
    this.drop();
    return error;
  }

  /** What came makes no sense, whatever status came with it. */
  private spoil(end: CallEnd): void {
    this.drop();
    this.isOver = true;
    this.error = callError(this.call, end);
    this.exchange.fail(end);
  }

  private nextMessage(): MessageReader {
    return new MessageReader(this.parts.maxReceiveBytes);
  }
}
