import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { parseResponses, type RawResponse } from './raw-http.js';

/** A connection that sends what it is told and ends when it is told, as no HTTP client would. */
export class RawClient {
  /** Resolves when the connection is gone, however it ended. */
  readonly closed: Promise<void>;
  private received = '';

  private constructor(private readonly socket: Socket) {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => (this.received += chunk.toString('latin1')));
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
  }

  static async open(url: string): Promise<RawClient> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    const client = new RawClient(socket);
    await once(socket, 'connect');
    return client;
  }

  /** What came so far. */
  get text(): string {
    return this.received;
  }

  get answers(): RawResponse[] {
    return parseResponses(this.received);
  }

  get statuses(): number[] {
    return this.answers.map(({ status }) => status);
  }

  send(bytes: string | Buffer): this {
    this.socket.write(bytes);
    return this;
  }

  /** Sends a FIN and goes on reading. */
  halfClose(): this {
    this.socket.end();
    return this;
  }

  /** Sends a reset. */
  reset(): this {
    this.socket.resetAndDestroy();
    return this;
  }

  /** Closes as a program that exits does: what comes later is answered with a reset. */
  leave(): this {
    this.socket.destroy();
    return this;
  }

  /** Stops reading. */
  pause(): this {
    this.socket.pause();
    return this;
  }

  /** Resolves when the server has ended its side. */
  async ended(): Promise<void> {
    if (!this.socket.readableEnded && !this.socket.destroyed) {
      await Promise.race([once(this.socket, 'end').catch(() => undefined), this.closed]);
    }
  }
}
