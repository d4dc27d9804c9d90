const INITIAL_BYTES = 1024;
/**
 * Bytes besides the text: a tag of up to 5 bytes, and a length of up to 5. The text takes up to 3 bytes per UTF-16
 * unit.
 */
const OVERHEAD = 10;
/** Maximum length of a string whose length prefix takes one byte, whatever characters it has. */
const SHORT = 42;

/** Writes fields of a message in protobuf's wire format, one message at a time, into its own buffer. */
export class ByteSink {
  private buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  private at = 0;

  reset(): void {
    this.at = 0;
  }

  /** Writes a length-delimited field, wire type 2. */
  string(fieldNumber: number, text: string): void {
    this.reserve(text.length * 3 + OVERHEAD);
    this.varint(fieldNumber * 8 + 2);
    if (text.length > SHORT || !this.shortAscii(text)) this.text(text);
  }

  /** Writes a varint field, wire type 0, with a value from 0 to 2^53. */
  integer(fieldNumber: number, value: number): void {
    this.reserve(2 * OVERHEAD);
    this.varint(fieldNumber * 8);
    this.varint(value);
  }

  /** Returns a copy of the message. */
  take(): Uint8Array {
    const bytes = Buffer.allocUnsafe(this.at);
    this.buffer.copy(bytes, 0, 0, this.at);
    return bytes;
  }

  /**
   * Writes a short ASCII string byte by byte, which is faster than a call into the runtime. Returns false, with nothing
   * written, for other strings.
   */
  private shortAscii(text: string): boolean {
    const { buffer } = this;
    const start = this.at + 1;
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code > 0x7f) return false;
      buffer[start + index] = code;
    }
    buffer[this.at] = text.length;
    this.at = start + text.length;
    return true;
  }

  private text(text: string): void {
    this.varint(Buffer.byteLength(text));
    this.at += this.buffer.write(text, this.at);
  }

  private varint(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.buffer[this.at++] = (rest % 0x80) + 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.buffer[this.at++] = rest;
  }

  private reserve(bytes: number): void {
    if (this.at + bytes <= this.buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, this.at + bytes));
    this.buffer.copy(larger, 0, 0, this.at);
    this.buffer = larger;
  }
}
