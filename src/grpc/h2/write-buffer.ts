import { FRAME_HEADER } from './frames.js';

const SLAB_BYTES = 65_536;
/** From here on, a chunk is handed to the socket where it lies; below, copying costs less than another part. */
const COPY_BELOW = 4_096;

/**
 * Frames on their way out. All that one turn of the event loop makes leaves in one write: `send` is called once, after
 * the socket's events of that turn. Memory is bounded by what connections let in: streams, windows, one answer a ping.
 */
export class WriteBuffer {
  /** Where to write: `slab`, from `end` on, after `reserve`; then move `end`. */
  slab: Buffer = Buffer.alloc(0);
  end = 0;
  private start = 0;
  private sealedBytes = 0;
  private parts: Uint8Array[] = [];
  private isScheduled = false;
  private readonly flushLater = (): void => this.flush();

  constructor(private readonly send: (parts: readonly Uint8Array[]) => void) {}

  /** Bytes that wait for the end of this turn. */
  get waiting(): number {
    return this.sealedBytes + this.end - this.start;
  }

  /** Makes room for so many bytes in one piece, and has what is written there sent. */
  reserve(bytes: number): void {
    if (!this.isScheduled) {
      this.isScheduled = true;
      setImmediate(this.flushLater);
    }
    if (this.slab.length - this.end >= bytes) return;
    this.seal();
    this.slab = Buffer.allocUnsafeSlow(Math.max(bytes, SLAB_BYTES));
    this.start = 0;
    this.end = 0;
  }

  /** Writes the header of a frame whose payload follows. */
  header(length: number, type: number, flags: number, streamId: number): void {
    this.reserve(FRAME_HEADER);
    const { slab, end } = this;
    slab[end] = length >>> 16;
    slab[end + 1] = length >>> 8;
    slab[end + 2] = length;
    slab[end + 3] = type;
    slab[end + 4] = flags;
    slab.writeUInt32BE(streamId, end + 5);
    this.end = end + FRAME_HEADER;
  }

  /** Bytes that will not change until they have been sent. */
  push(bytes: Uint8Array): void {
    if (bytes.length < COPY_BELOW) {
      this.reserve(bytes.length);
      this.slab.set(bytes, this.end);
      this.end += bytes.length;
      return;
    }
    this.reserve(0);
    this.seal();
    this.add(bytes);
  }

  flush(): void {
    this.isScheduled = false;
    this.seal();
    if (this.parts.length === 0) return;
    const { parts } = this;
    this.parts = [];
    this.sealedBytes = 0;
    this.send(parts);
  }

  private seal(): void {
    if (this.end > this.start) this.add(this.slab.subarray(this.start, this.end));
    this.start = this.end;
  }

  private add(part: Uint8Array): void {
    this.parts.push(part);
    this.sealedBytes += part.length;
  }
}
