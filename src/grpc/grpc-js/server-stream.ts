import type { GatewayError } from '../../domain/errors.js';
import type { MessageStream, TransportCall } from '../transport.js';
import { type CallParts, ClientCall, type MessageReceiver } from './client-call.js';

/** Read ahead: enough to keep a fast reader busy, little enough to hold for hundreds of slow ones. */
const MAX_QUEUED_MESSAGES = 16;
const MAX_QUEUED_BYTES = 65_536;

type Result = IteratorResult<Uint8Array>;

/**
 * A server stream that is read on demand: a message is asked of grpc-js only while few are queued, so that HTTP/2 flow
 * control pauses a backend whose client reads slowly. Queued messages are handed out before the end is.
 */
export class GrpcJsServerStream implements MessageReceiver, MessageStream, AsyncIterator<Uint8Array> {
  readonly missing = undefined;
  private readonly call: ClientCall;
  private readonly queue: Uint8Array[] = [];
  private queuedBytes = 0;
  /** A message was asked for and has not come. */
  private isReading = true;
  private reader: PromiseWithResolvers<Result> | undefined;
  private isOver = false;
  private error: GatewayError | undefined;

  constructor(
    private readonly request: TransportCall,
    parts: CallParts,
  ) {
    this.call = new ClientCall(request, parts, this);
  }

  start(): void {
    this.call.start();
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
    this.call.cancel();
  }

  message(bytes: Uint8Array): undefined {
    this.isReading = false;
    if (this.isOver) return;
    this.queue.push(bytes);
    this.queuedBytes += bytes.byteLength;
    this.serve();
  }

  succeed(): void {
    this.finish(undefined);
  }

  fail(error: GatewayError): void {
    // The request was given up: nobody reads on.
    if (this.request.signal.aborted) this.drop();
    this.finish(error);
  }

  private finish(error: GatewayError | undefined): void {
    if (this.isOver) return;
    this.isOver = true;
    this.error = error;
    this.serve();
  }

  /** Gives a waiting reader the next message, or the end after the last one, and reads on. */
  private serve(): void {
    const { reader } = this;
    const value = reader && this.queue.shift();
    this.queuedBytes -= value?.byteLength ?? 0;
    this.readOn();
    if (reader === undefined || (value === undefined && !this.isOver)) return;
    this.reader = undefined;
    if (value !== undefined) reader.resolve({ done: false, value });
    else this.tellEnd(reader);
  }

  private readOn(): void {
    if (this.isReading || this.isOver) return;
    if (this.queue.length >= MAX_QUEUED_MESSAGES || this.queuedBytes >= MAX_QUEUED_BYTES) return;
    this.isReading = true;
    this.call.read();
  }

  /** An error is told once; after it the stream is simply over. */
  private tellEnd(reader: PromiseWithResolvers<Result>): void {
    const { error } = this;
    this.error = undefined;
    if (error === undefined) reader.resolve({ done: true, value: undefined });
    else reader.reject(error);
  }

  private drop(): void {
    this.queue.length = 0;
    this.queuedBytes = 0;
  }
}
