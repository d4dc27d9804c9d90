import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { GatewayError } from '../../domain/errors.js';
import { GatewayMetrics } from '../../observe/metrics.js';
import { gone, type ResumableStream, type StreamOwner } from './resumable-stream.js';

/**
 * Maximum size of the messages of all streams together, in bytes. Beyond it streams without a reader are removed, the
 * oldest first.
 */
const MAX_BYTES = 64 * 1024 * 1024;
const MAX_STREAMS = 10_000;
/** Maximum number of streams per caller. Beyond it the oldest stream without a reader is removed. */
const MAX_PER_CALLER = 16;

/** The streams of this process that clients may resume. */
@Injectable()
export class ResumableStreams implements BeforeApplicationShutdown {
  /** Streams by id, oldest first. */
  private readonly byId = new Map<string, ResumableStream>();
  private evicted = 0;
  private bytes = 0;

  constructor(metrics: GatewayMetrics) {
    metrics.bounded.watchEvictions('stream', () => this.evicted);
  }

  /** Ends all streams: clients cannot reconnect to a process that ends. */
  beforeApplicationShutdown(): void {
    for (const stream of this.byId.values()) {
      stream.remove(new GatewayError('DRAINING', 'service unavailable: the gateway is shutting down.'));
    }
  }

  add(stream: ResumableStream): void {
    const own = [...this.byId.values()].filter(({ owner }) => owner.caller === stream.owner.caller);
    if (own.length >= MAX_PER_CALLER) this.evictOneOf(own);
    if (this.byId.size >= MAX_STREAMS) this.evictOneOf(this.byId.values());
    this.byId.set(stream.id, stream);
  }

  /** Throws STREAM_GONE for a stream that does not exist, belongs to another caller, or answers another request. */
  find(id: string, { caller, request }: StreamOwner): ResumableStream {
    const stream = this.byId.get(id);
    if (stream === undefined || stream.owner.caller !== caller || stream.owner.request !== request) throw gone();
    return stream;
  }

  has(id: string): boolean {
    return this.byId.has(id);
  }

  forget(id: string): void {
    const stream = this.byId.get(id);
    if (stream === undefined) return;
    this.byId.delete(id);
    this.bytes -= stream.log.bytes;
  }

  /**
   * Counts bytes that a stream keeps or drops. Above the limit streams without a reader are removed, or else messages
   * that were sent.
   */
  resize(difference: number): void {
    this.bytes += difference;
    if (difference < 0 || this.bytes <= MAX_BYTES || this.evictOneOf(this.byId.values())) return;
    for (const { log } of this.byId.values()) log.forgetSent();
  }

  private evictOneOf(streams: Iterable<ResumableStream>): boolean {
    for (const stream of streams) {
      if (stream.isRead) continue;
      this.evicted += 1;
      stream.remove(gone());
      return true;
    }
    return false;
  }
}
