import { type InterceptingListener, type Metadata, status, type StatusObject } from '@grpc/grpc-js';
import type { GatewayError } from '../domain/errors.js';
import { type GrpcCall, type GrpcChannel, startCall, startError } from './grpc-call.js';
import { isGrpc } from './grpc-failure.js';
import { abortError, callError } from './status.js';
import type { MessageStream, TransportCall } from './transport.js';

/** Read ahead: enough to keep a fast reader busy, little enough to hold for hundreds of slow ones. */
const MAX_QUEUED_MESSAGES = 16;
const MAX_QUEUED_BYTES = 65_536;

interface Reader {
  resolve(result: IteratorResult<Uint8Array>): void;
  reject(error: Error): void;
}

/**
 * A server stream read on demand: a message is asked of grpc-js only while the queue is short, so HTTP/2 flow control
 * pauses a backend whose client reads slowly. Messages in the queue are handed out before an error is; in grpc-js
 * itself an error overtakes the messages that it has not delivered yet.
 */
export class ServerStream implements MessageStream, AsyncIterator<Uint8Array>, InterceptingListener {
  private call: GrpcCall | undefined;
  private readonly queue: Uint8Array[] = [];
  private queuedBytes = 0;
  private reading = true;
  private grpcHeaders = false;
  private reader: Reader | undefined;
  private ended = false;
  private error: GatewayError | undefined;

  constructor(private readonly request: TransportCall) {}

  start(channel: GrpcChannel): void {
    const { signal } = this.request;
    if (signal.aborted) return this.end(abortError(this.request.method.upstream, this.request.signal));
    try {
      this.call = startCall(channel, this.request, this);
    } catch (error) {
      return this.end(startError(channel, this.request, error));
    }
    signal.addEventListener('abort', this);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next message. One reader at a time: a second call before the first has settled is refused. */
  next(): Promise<IteratorResult<Uint8Array>> {
    const message = this.queue.shift();
    if (message !== undefined) {
      this.queuedBytes -= message.byteLength;
      this.readOn();
      return Promise.resolve({ done: false, value: message });
    }
    if (this.ended) return this.settleEnded();
    if (this.reader !== undefined) return Promise.reject(new Error('A message stream has one reader'));
    const { promise, resolve, reject } = Promise.withResolvers<IteratorResult<Uint8Array>>();
    this.reader = { resolve, reject };
    this.readOn();
    return promise;
  }

  /** Called by `for await` when its loop is left early. */
  return(): Promise<IteratorResult<Uint8Array>> {
    this.cancel();
    return Promise.resolve({ done: true, value: undefined });
  }

  cancel(): void {
    if (this.ended) return;
    this.call?.cancelWithStatus(status.CANCELLED, 'Cancelled on client');
    this.drop();
    this.end(undefined);
  }

  /** The request was given up: nobody reads on. */
  handleEvent(): void {
    this.call?.cancelWithStatus(status.CANCELLED, 'Cancelled on client');
    this.drop();
    this.end(abortError(this.request.method.upstream, this.request.signal));
  }

  onReceiveMetadata(headers: Metadata): void {
    this.grpcHeaders = isGrpc(headers);
  }

  onReceiveMessage(message: Buffer): void {
    this.reading = false;
    if (this.ended) return;
    if (this.reader !== undefined) {
      const { reader } = this;
      this.reader = undefined;
      reader.resolve({ done: false, value: message });
    } else {
      this.queue.push(message);
      this.queuedBytes += message.byteLength;
    }
    this.readOn();
  }

  onReceiveStatus({ code, details, metadata }: StatusObject): void {
    if (code === status.OK) return this.end(undefined);
    this.end(callError(this.request, { code, details, metadata, grpcHeaders: this.grpcHeaders }));
  }

  private readOn(): void {
    if (this.reading || this.ended) return;
    if (this.queue.length >= MAX_QUEUED_MESSAGES || this.queuedBytes >= MAX_QUEUED_BYTES) return;
    this.reading = true;
    this.call?.startRead();
  }

  private drop(): void {
    this.queue.length = 0;
    this.queuedBytes = 0;
  }

  private end(error: GatewayError | undefined): void {
    if (this.ended) return;
    this.ended = true;
    this.error = error;
    this.request.signal.removeEventListener('abort', this);
    const { reader } = this;
    this.reader = undefined;
    if (error !== undefined) reader?.reject(error);
    else reader?.resolve({ done: true, value: undefined });
  }

  /** An error is told once; after it the stream is simply over. */
  private settleEnded(): Promise<IteratorResult<Uint8Array>> {
    const { error } = this;
    this.error = undefined;
    return error === undefined ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(error);
  }
}
