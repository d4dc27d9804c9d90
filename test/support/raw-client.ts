import { once } from 'node:events';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { parseResponses, type RawResponse } from './raw-http.js';

/** A connection that sends what it is told and ends when it is told, as no HTTP client would. */
export class RawClient {
  /** Resolves when the connection is gone, however it ended. */
  readonly closed: Promise<void>;
  private received = '';

  /** @param transport what carries the bytes of a TLS socket; the socket itself where there is none. */
  private constructor(
    private readonly socket: Socket,
    private readonly transport = socket,
  ) {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => (this.received += chunk.toString('latin1')));
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
  }

  /** @param url of http, https (any certificate will do) or `unix:/path`. */
  static async open(url: string): Promise<RawClient> {
    const socket = connect({ ...addressOf(url), allowHalfOpen: true });
    if (!url.startsWith('https:')) {
      const client = new RawClient(socket);
      await once(socket, 'connect');
      return client;
    }
    socket.on('error', () => undefined);
    const encrypted = connectTls({ socket, rejectUnauthorized: false });
    const client = new RawClient(encrypted, socket);
    await once(encrypted, 'secureConnect');
    return client;
  }

  /** Bytes received so far. */
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
    // A Unix domain socket has no reset.
    if (this.transport.remoteAddress === undefined) this.transport.destroy();
    else this.transport.resetAndDestroy();
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

/** Target of a raw connection. */
export function addressOf(url: string): NetConnectOpts {
  if (url.startsWith('unix:')) return { path: url.slice('unix:'.length) };
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}
