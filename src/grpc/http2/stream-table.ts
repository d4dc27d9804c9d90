import { ConnectionError, ErrorCode } from './frames.js';
import { STREAM_WINDOW } from './own-settings.js';
import { ReceiveWindow } from './receive-window.js';
import type { Stream, StreamListener } from './stream.js';

/** Stream identifiers end at 2^31. */
const LAST_ID = 0x7ffffff0;

/** The open streams of a connection, all of them the client's. At most as many as the peer allows, and 10,000. */
export class StreamTable {
  private readonly streams = new Map<number, Stream>();
  private nextId = 1;

  get size(): number {
    return this.streams.size;
  }

  /** There are no identifiers left: the connection has to be replaced. */
  get isUsedUp(): boolean {
    return this.nextId >= LAST_ID;
  }

  open(listener: StreamListener, sendWindow: number): Stream {
    const id = this.nextId;
    this.nextId += 2;
    const window = new ReceiveWindow(STREAM_WINDOW, listener.windowBytes);
    const stream = { id, listener, unsent: undefined, sendWindow, window };
    this.streams.set(id, stream);
    return stream;
  }

  isOpen(stream: Stream): boolean {
    return this.streams.get(stream.id) === stream;
  }

  /** The stream, undefined when it is over. Throws ConnectionError for one that was never opened. */
  find(id: number): Stream | undefined {
    const stream = this.streams.get(id);
    if (stream === undefined && (id >= this.nextId || (id & 1) === 0)) {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, `frame on the idle stream ${id}`);
    }
    return stream;
  }

  after(id: number): readonly Stream[] {
    return [...this.streams.values()].filter((stream) => stream.id > id);
  }

  remove(stream: Stream): void {
    this.streams.delete(stream.id);
  }

  /** Empties the table. */
  removeAll(): readonly Stream[] {
    const all = this.after(0);
    this.streams.clear();
    return all;
  }
}
