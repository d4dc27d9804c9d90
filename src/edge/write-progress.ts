import type { Socket } from 'node:net';

/** What Node keeps of a socket below its streams: libuv takes a whole buffer at a time and hands it on piece by piece. */
interface SocketHandle {
  readonly bytesWritten: number;
  readonly writeQueueSize: number;
  /** What carries the bytes of a TLS socket. */
  readonly _parent?: SocketHandle | null;
}

/**
 * Tells for how long a connection has had something to send that the other side did not take. Whoever looks says for how
 * much time a look stands, so that a pause of the event loop is not a pause of the client.
 */
export class WriteProgress {
  private taken = 0;
  private stalledMs = 0;

  constructor(private readonly socket: Socket) {}

  /** Returns the time without progress, in ms; 0 when there is some, or nothing to send. @param sinceLastMs time that one look stands for. */
  look(sinceLastMs: number): number {
    if (this.socket.writableLength === 0) return (this.stalledMs = 0);
    const taken = bytesTaken(this.socket);
    this.stalledMs = taken === this.taken ? this.stalledMs + sinceLastMs : 0;
    this.taken = taken;
    return this.stalledMs;
  }
}

/** Bytes that the system has taken from a socket so far. `socket.bytesWritten` counts what is still to be taken, too. */
function bytesTaken(socket: Socket): number {
  const { _handle: handle } = socket as Socket & { readonly _handle?: SocketHandle | null };
  const transport = handle?._parent ?? handle;
  return transport ? transport.bytesWritten - transport.writeQueueSize : 0;
}
