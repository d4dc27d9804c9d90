import { ConnectionError, ErrorCode, STREAM_WINDOW } from './frames.js';
import { ReceiveWindow, type Stream, type StreamListener } from './stream.js';

/** Stream identifiers end at 2^31. */
const LAST_ID = 0x7ffffff0;
/** Rows of the table, a power of two. */
const ROWS = 256;

/**
 * The open streams of a connection, all of them the client's. At most as many as the peer allows, and 10,000. A hash
 * table whose rows are chains of the streams themselves, since a `Map` would allocate with the calls that come and go
 * (docs/decisions/0036-sets-of-requests-allocate-nothing.md).
 */
export class StreamTable {
  private readonly rows: (Stream | undefined)[] = Array.from({ length: ROWS }, () => undefined);
  private count = 0;
  private nextId = 1;

  get size(): number {
    return this.count;
  }

  /** There are no identifiers left: the connection has to be replaced. */
  get isUsedUp(): boolean {
    return this.nextId >= LAST_ID;
  }

  open(listener: StreamListener, sendWindow: number): Stream {
    const id = this.nextId;
    this.nextId += 2;
    const window = new ReceiveWindow(STREAM_WINDOW, listener.windowBytes);
    const row = rowOf(id);
    const stream = { id, listener, unsent: undefined, sendWindow, window, next: this.rows[row] };
    this.rows[row] = stream;
    this.count += 1;
    return stream;
  }

  isOpen(stream: Stream): boolean {
    return this.lookUp(stream.id) === stream;
  }

  /** The stream, undefined when it is over. Throws ConnectionError for one that was never opened. */
  find(id: number): Stream | undefined {
    const stream = this.lookUp(id);
    if (stream === undefined && (id >= this.nextId || (id & 1) === 0)) {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, `frame on the idle stream ${id}`);
    }
    return stream;
  }

  /** Returns those that were opened after a stream, in their order. */
  after(id: number): readonly Stream[] {
    const found: Stream[] = [];
    for (let stream of this.rows) {
      for (; stream !== undefined; stream = stream.next) if (stream.id > id) found.push(stream);
    }
    return found.sort((one, other) => one.id - other.id);
  }

  remove(stream: Stream): void {
    const row = rowOf(stream.id);
    const first = this.rows[row];
    if (first === stream) this.rows[row] = stream.next;
    else {
      const before = chainedBefore(first, stream);
      if (before === undefined) return;
      before.next = stream.next;
    }
    stream.next = undefined;
    this.count -= 1;
  }

  /** Empties the table. */
  removeAll(): readonly Stream[] {
    const all = this.after(0);
    for (const stream of all) this.remove(stream);
    return all;
  }

  private lookUp(id: number): Stream | undefined {
    let stream = this.rows[rowOf(id)];
    while (stream !== undefined && stream.id !== id) stream = stream.next;
    return stream;
  }
}

function rowOf(id: number): number {
  return (id >>> 1) & (ROWS - 1);
}

function chainedBefore(first: Stream | undefined, stream: Stream): Stream | undefined {
  let before = first;
  while (before !== undefined && before.next !== stream) before = before.next;
  return before;
}
