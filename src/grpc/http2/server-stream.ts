import type { GatewayError } from '../../domain/errors.js';
import type { CallEnd } from '../grpc-failure.js';
import { GrpcStatus } from '../grpc-code.js';
import { callError } from '../status.js';
import type { MessageStream, TransportCall } from '../transport.js';
import { Backlog } from './backlog.js';
import { localEnd, transportEnd } from './call-ends.js';
import { Exchange, type ExchangeParts } from './exchange.js';
import { MessageReader } from './message-reader.js';
import { STREAM_WINDOW } from './own-settings.js';
import type { Receiver } from './receiver.js';

const CANCELLED = localEnd(GrpcStatus.CANCELLED, 'Cancelled on client');
const CUT_OFF = transportEnd(GrpcStatus.INTERNAL, 'Received a message that was cut off');

type Result = IteratorResult<Uint8Array>;

/**
 * A server stream that is read on demand: bytes are let go of, and the backend may send more, as messages are taken
 * from them. What came before the end is handed out before the end is told.
 */
export class ServerStream implements Receiver, MessageStream, AsyncIterator<Uint8Array> {
  readonly windowBytes = STREAM_WINDOW;
  readonly isHolding = true;
  readonly lack = undefined;
  private readonly exchange: Exchange;
  private readonly backlog = new Backlog();
  private message: MessageReader;
  private reader: PromiseWithResolvers<Result> | undefined;
  private isOver = false;
  private error: GatewayError | undefined;

  constructor(
    private readonly call: TransportCall,
    private readonly parts: ExchangeParts,
  ) {
    this.exchange = new Exchange(call, parts, this);
    this.message = this.nextMessage();
  }

  start(): void {
    this.exchange.start();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next message. One reader at a time: a second call before the first has settled is refused. */
  next(): Promise<Result> {
    if (this.reader !== undefined) return Promise.reject(new Error('A message stream has one reader'));
    this.reader = Promise.withResolvers<Result>();
    const { promise } = this.reader;
    this.serve();
    return promise;
  }

  /** Called by `for await` when its loop is left early. */
  return(): Promise<Result> {
    this.cancel();
    return Promise.resolve({ done: true, value: undefined });
  }

  cancel(): void {
    this.drop();
    this.finish(undefined);
    this.exchange.fail(CANCELLED);
  }

  data(bytes: Buffer, start: number, end: number): undefined {
    if (this.isOver) return;
    this.backlog.push(bytes, start, end);
    this.serve();
  }

  succeed(): void {
    this.finish(undefined);
  }

  fail(error: GatewayError): void {
    // The request was given up: nobody reads on.
    if (this.call.signal.aborted) this.drop();
    this.finish(error);
  }

  private finish(error: GatewayError | undefined): void {
    if (this.isOver) return;
    this.isOver = true;
    this.error = error;
    this.serve();
  }

  /** Gives a waiting reader the next message, or the end after the last one. */
  private serve(): void {
    const { reader } = this;
    if (reader === undefined) return;
    const value = this.take();
    if (value === undefined && !this.isOver) return;
    this.reader = undefined;
    if (value !== undefined) reader.resolve({ done: false, value });
    else this.tellEnd(reader);
  }

  private take(): Uint8Array | undefined {
    const { message } = this;
    if (this.backlog.length > 0) this.exchange.release(this.backlog.feed(message));
    if (message.failure !== undefined) this.spoil(message.failure);
    if (message.message !== undefined) this.message = this.nextMessage();
    return message.message;
  }

  /** What came makes no sense, whatever status came with it. */
  private spoil(end: CallEnd): void {
    this.drop();
    this.isOver = true;
    this.error = callError(this.call, end);
    this.exchange.fail(end);
  }

  /** An error is told once; after it the stream is simply over. */
  private tellEnd(reader: PromiseWithResolvers<Result>): void {
    const error = this.error ?? (this.message.hasBegun ? callError(this.call, CUT_OFF) : undefined);
    this.error = undefined;
    this.drop();
    if (error === undefined) reader.resolve({ done: true, value: undefined });
    else reader.reject(error);
  }

  /** Nobody reads what is left. */
  private drop(): void {
    this.backlog.clear();
    this.message = this.nextMessage();
  }

  private nextMessage(): MessageReader {
    return new MessageReader(this.parts.maxReceiveBytes);
  }
}
