import type { Socket } from 'node:net';
import { WriteBuffer } from './write-buffer.js';

/** Opens a socket. `onConnected` comes once, after encryption; `onBytes` with each chunk, whose memory is then reused. */
export type Dial = (onConnected: () => void, onBytes: (chunk: Buffer, length: number) => void) => Socket;

/** What a wire tells of its socket. Nothing is told after `onClosed`. */
export interface SocketEvents {
  onConnected(): void;
  onBytes(chunk: Buffer, length: number): void;
  /** The peer reads again after {@link FramedSocket.isCongested}. */
  onRelief(): void;
  /** @param error what the socket said, if it said anything. */
  onClosed(error: Error | undefined): void;
}

/** Beyond it nothing is begun: the peer reads slowly. Beyond the second, which only answers to it can fill, it is cut off. */
const CONGESTED_BYTES = 1_048_576;
const MAX_UNSENT_BYTES = 16_777_216;
/** How long the peer may take to read the last words. */
const LINGER_MS = 2_000;

/** The socket of a connection: collects what is written in one turn, and knows when the peer stopped reading. */
export class FramedSocket {
  readonly writeBuffer = new WriteBuffer((parts) => this.write(parts));
  private readonly socket: Socket;
  private isOver = false;
  private error: Error | undefined;

  constructor(
    dial: Dial,
    private readonly events: SocketEvents,
  ) {
    this.socket = dial(
      () => this.isOver || events.onConnected(),
      (chunk, length) => this.isOver || events.onBytes(chunk, length),
    );
    this.socket.on('error', (error) => (this.error = error));
    this.socket.on('close', () => this.close(this.error));
    this.socket.on('drain', () => this.isOver || events.onRelief());
  }

  /** Nothing more should be sent for now. */
  get isCongested(): boolean {
    return this.writeBuffer.waiting + this.socket.writableLength > CONGESTED_BYTES;
  }

  /** Closes the connection immediately. */
  destroy(error: Error): void {
    this.socket.destroy();
    this.close(error);
  }

  /** Sends what is still to be sent, and closes. */
  end(): void {
    this.writeBuffer.flush();
    this.socket.destroySoon();
    this.socket.setTimeout(LINGER_MS, () => this.socket.destroy());
    this.close(undefined);
  }

  private close(error: Error | undefined): void {
    if (this.isOver) return;
    this.isOver = true;
    this.events.onClosed(error);
  }

  private write(parts: readonly Uint8Array[]): void {
    const { socket } = this;
    if (!socket.writable) return;
    if (parts.length > 1) socket.cork();
    for (const part of parts) socket.write(part);
    if (parts.length > 1) socket.uncork();
    if (socket.writableLength > MAX_UNSENT_BYTES) this.destroy(new Error('Connection dropped: the peer does not read'));
  }
}
