import { excessive, malformed } from './malformed.js';

const NO_BYTES = Buffer.alloc(0);

/** A place in the bytes of a body, moved forward by the scan functions, and what they learnt on the way. */
export class Cursor {
  bytes: Buffer = NO_BYTES;
  at = 0;
  end = 0;
  /** No byte above 0x7F so far. */
  ascii = true;
  /** Start and end of each number that a double may not hold exactly. */
  exact: number[] = [];

  reset(bytes: Buffer): void {
    this.bytes = bytes;
    this.at = 0;
    this.end = bytes.length;
    this.ascii = true;
    this.exact = [];
  }

  /** Lets go of the body, so that an idle scanner keeps none in memory. */
  release(): void {
    this.bytes = NO_BYTES;
    this.end = 0;
  }

  /** Returns the ASCII text from a position up to the cursor. */
  text(start: number): string {
    return this.bytes.toString('latin1', start, this.at);
  }

  /** The next byte that is no JSON white space, without passing it; -1 at the end. */
  peek(): number {
    const { bytes, end } = this;
    let at = this.at;
    while (at < end) {
      const byte = bytes[at] as number;
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) {
        this.at = at;
        return byte;
      }
      at++;
    }
    this.at = at;
    return -1;
  }

  /** Throws GatewayError MALFORMED_JSON for the byte at `at`. */
  fail(what: string, at: number = this.at): never {
    throw malformed(this.bytes, at, what);
  }

  /** Throws GatewayError INVALID_ARGUMENT for a value at `at` that exceeds a limit. */
  refuse(what: string, at: number): never {
    throw excessive(this.bytes, at, what);
  }
}
