import type { Socket } from 'node:net';

/** Node's handle of a socket below its streams: libuv accepts a whole buffer at a time and passes it on in pieces. */
interface SocketHandle {
  readonly bytesWritten: number;
  readonly writeQueueSize: number;
  /** The handle that carries the bytes of a TLS socket. */
  readonly _parent?: SocketHandle | null;
}

/**
 * Measures for how long a connection has had something to send that the peer did not read. The caller passes the time
 * per check, so that a pause of the event loop does not count as a pause of the client.
 */
export class WriteProgress {
  private taken = 0;
  private stalledMs = 0;

  constructor(private readonly socket: Socket) {}

  /**
   * Returns the time without progress, in ms; 0 when there is progress, or nothing to send.
   * @param sinceLastMs time that one check stands for.
   */
  look(sinceLastMs: number): number {
    if (this.socket.writableLength === 0) return (this.stalledMs = 0);
    const taken = bytesTaken(this.socket);
    this.stalledMs = taken === this.taken ? this.stalledMs + sinceLastMs : 0;
    this.taken = taken;
    return this.stalledMs;
  }
}

/**
 * Returns the number of bytes of a socket that the kernel has accepted so far. `socket.bytesWritten` includes bytes
 * that are still queued.
 */
function bytesTaken(socket: Socket): number {
  const { _handle: handle } = socket as Socket & { readonly _handle?: SocketHandle | null };
  const transport = handle?._parent ?? handle;
  return transport ? transport.bytesWritten - transport.writeQueueSize : 0;
}
