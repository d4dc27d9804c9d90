import type { ServerResponse } from 'node:http';
import type { Transform, Writable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { CallContext } from '../../domain/call-context.js';
import { passHeaders, writePassed } from '../passed-headers.js';
import type { ReceivedHeaders } from '../../traffic/call.js';
import type { Compression } from '../compression/compression.js';
import { addVary, writeServerTiming } from '../common-headers.js';
import { closeUnlessTaken } from '../stalled-clients.js';
import type { StreamFormat } from './format.js';

/** Media type of a raw body without a first message. */
const OCTET_STREAM = 'application/octet-stream';

/**
 * Writes frames to a client at the client's pace. Headers are held back until there is something to send, so that an
 * earlier failure has its own status.
 */
export class StreamResponse {
  private messages = 0;
  private timer: NodeJS.Timeout | undefined;
  /** True while the header waits for the first message, because the backend contributes to it. */
  private isHeld = false;
  private compression: Compression | undefined;
  /** Receives the frames: the response itself, or the encoder that compresses them. */
  private sink: Writable;
  /** Settles when the client is ready for more. */
  private blocked: PromiseWithResolvers<void> | undefined;

  constructor(
    private readonly reply: FastifyReply,
    private readonly format: StreamFormat,
    private readonly call: CallContext,
    heartbeatMs: number,
  ) {
    this.sink = reply.raw;
    if (format.heartbeat !== undefined && heartbeatMs > 0) this.timer = setInterval(() => this.beat(), heartbeatMs);
    call.cancellation.addEventListener('abort', this);
  }

  /** Holds back the header, and heartbeats, until the first message. */
  holdHead(): void {
    this.isHeld = true;
  }

  /** Sends the header without waiting for a message. */
  start(): void {
    this.begin();
  }

  /** Compresses the stream if the client accepts it. */
  compressWith(compression: Compression): void {
    this.compression = compression;
  }

  writeTiming(): void {
    writeServerTiming(this.reply, this.call);
  }

  /** Takes the backend headers that the policy lets through. Must be called before the first message. */
  passHeaders(received: ReceivedHeaders | undefined): void {
    const headers = passHeaders(received);
    if (headers !== undefined) writePassed(this.reply, headers);
  }

  get begun(): boolean {
    return this.reply.raw.headersSent;
  }

  /**
   * Resolves when the client is ready for more; rejects when it has left, or when the stream is {@link interrupt}ed.
   */
  async message(message: Buffer): Promise<void> {
    if (this.messages === 0) this.call.firstMessageMs = performance.now() - this.call.startedAt;
    this.begin();
    this.timer?.refresh();
    if (this.write(this.format.frame(message, ++this.messages))) return;
    this.blocked = Promise.withResolvers();
    if (this.call.cancellation.aborted) this.handleEvent();
    await this.blocked.promise;
  }

  /** Ends the wait for a client that reads slowly; remaining messages are not sent. */
  interrupt(reason: unknown): void {
    this.blocked?.reject(reason);
  }

  /** Called when the request is cancelled. */
  handleEvent(): void {
    this.interrupt(this.call.cancellation.reason);
  }

  end(): void {
    this.begin();
    this.write(this.format.closing);
    this.sink.end();
  }

  /**
   * Ends a stream that has begun with an error frame, or by closing the connection where the format has none. A client
   * that does not read it within a second is disconnected.
   */
  fail(problem: string): void {
    const { raw } = this.reply;
    const frame = this.format.failure(Buffer.from(problem).toString('latin1'));
    if (frame === undefined) {
      this.call.abortedByGateway = true;
      return void raw.destroy();
    }
    this.write(frame);
    this.sink.end();
    closeUnlessTaken(this.call, raw);
  }

  /** Stops the heartbeat. Must be called however the stream ended. */
  close(): void {
    clearInterval(this.timer);
    this.call.cancellation.removeEventListener('abort', this);
  }

  private begin(): void {
    if (this.begun) return;
    const { reply } = this;
    reply.hijack();
    const contentType = this.format.contentType || OCTET_STREAM;
    const encoder = this.encoderFor(contentType);
    const headers = { ...reply.getHeaders(), 'content-type': contentType, 'x-accel-buffering': 'no' };
    reply.raw.writeHead(200, headers as Record<string, string>);
    reply.raw.flushHeaders();
    if (encoder !== undefined) this.sink = pipeInto(encoder, reply.raw, this.call);
    this.sink.on('drain', () => this.blocked?.resolve());
    if (this.format.opening !== '') this.write(this.format.opening);
  }

  /** Sends a heartbeat, except to a client that has not yet read what was sent. */
  private beat(): void {
    const { raw } = this.reply;
    if (this.sink.writableNeedDrain || raw.writableNeedDrain || raw.destroyed) return;
    if (this.isHeld && !this.begun) return;
    this.begin();
    this.write(this.format.heartbeat ?? '');
  }

  /** Returns the encoder, and records the coding in the headers; undefined for a stream that is sent unencoded. */
  private encoderFor(contentType: string): Transform | undefined {
    const { compression, reply } = this;
    if (compression === undefined || !compression.variesBy(contentType)) return undefined;
    addVary(reply, 'Accept-Encoding');
    const coding = compression.codingFor(reply.request.headers['accept-encoding'], contentType);
    if (coding === undefined) return undefined;
    void reply.header('content-encoding', coding);
    return compression.stream(coding);
  }

  private write(frame: string | Buffer): boolean {
    const { sink, reply } = this;
    if (sink === reply.raw) this.call.bytesStreamed += frame.length;
    return sink.write(frame, 'latin1');
  }
}

/** Sends the output of an encoder at the pace of the client. It ends with the response, whichever ends first. */
function pipeInto(encoder: Transform, raw: ServerResponse, call: CallContext): Transform {
  encoder.on('data', (chunk: Buffer) => (call.bytesStreamed += chunk.length));
  encoder.on('error', () => raw.destroy());
  raw.once('close', () => encoder.destroy());
  encoder.pipe(raw);
  return encoder;
}
