/**
 * Bytes known at boot, also stored as words: writing eight bytes at a time makes keys cheap. UTF-8 as a float64 is
 * never a NaN (which needs 0x7f or 0xff after a byte of at least 0xf0), so that no bit is lost in a register.
 */
export class Literal {
  readonly bytes: Buffer;
  readonly length: number;
  readonly words: Float64Array;
  /** The same in words of four bytes. */
  readonly halves: Int32Array;

  constructor(text: string) {
    this.bytes = Buffer.from(text);
    this.length = this.bytes.length;
    this.words = toWords(this.bytes);
    this.halves = new Int32Array(this.words.buffer);
  }
}

/** Concatenated literals, of which any run can be written in one step: the members that a message omits. */
export class LiteralRun {
  /** Start of each literal, and the end of the last. */
  readonly offsets: Int32Array;
  /** One word longer than the literals, so that words may be read across their end. */
  readonly view: DataView;

  constructor(texts: readonly string[]) {
    const chunks = texts.map((text) => Buffer.from(text));
    this.offsets = new Int32Array(texts.length + 1);
    chunks.forEach((chunk, i) => (this.offsets[i + 1] = this.offsets[i]! + chunk.length));
    this.view = new DataView(toWords(Buffer.concat([...chunks, Buffer.alloc(8)])).buffer);
  }
}

function toWords(bytes: Buffer): Float64Array {
  const words = new Float64Array(Math.max(1, Math.ceil(bytes.length / 8)));
  Buffer.from(words.buffer).set(bytes);
  return words;
}
