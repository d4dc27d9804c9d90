import { PulledStream } from '../pulled-stream.js';
import type { TransportCall } from '../transport.js';
import { type CallParts, ClientCall, type MessageReceiver } from './client-call.js';

/** Read ahead: enough to keep a fast reader busy, little enough to hold for hundreds of slow ones. */
const MAX_QUEUED_MESSAGES = 16;
const MAX_QUEUED_BYTES = 65_536;

/**
 * A server stream that is read on demand: a message is asked of grpc-js only while few are queued, so that HTTP/2 flow
 * control pauses a backend whose client reads slowly.
 */
export class GrpcJsServerStream extends PulledStream implements MessageReceiver {
  readonly missing = undefined;
  private readonly call: ClientCall;
  private readonly queue: Uint8Array[] = [];
  private queuedBytes = 0;
  /** A message was asked for and has not come. */
  private isReading = true;

  constructor(request: TransportCall, parts: CallParts) {
    super(request.signal);
    this.call = new ClientCall(request, parts, this);
  }

  start(): void {
    this.call.start();
  }

  message(bytes: Uint8Array): undefined {
    this.isReading = false;
    if (this.isOver) return;
    this.queue.push(bytes);
    this.queuedBytes += bytes.byteLength;
    this.serve();
    this.readOn();
  }

  protected override take(): Uint8Array | undefined {
    const value = this.queue.shift();
    this.queuedBytes -= value?.byteLength ?? 0;
    this.readOn();
    return value;
  }

  protected override drop(): void {
    this.queue.length = 0;
    this.queuedBytes = 0;
  }

  protected override cancelCall(): void {
    this.call.cancel();
  }

  private readOn(): void {
    if (this.isReading || this.isOver) return;
    if (this.queue.length >= MAX_QUEUED_MESSAGES || this.queuedBytes >= MAX_QUEUED_BYTES) return;
    this.isReading = true;
    this.call.read();
  }
}
