import { excessive, malformed } from './malformed.js';

const NO_BYTES = Buffer.alloc(0);

/** A position in the bytes of a body that the scan functions advance, with what they have found so far. */
export class Cursor {
  bytes: Buffer = NO_BYTES;
  at = 0;
  end = 0;
  /** True while no byte was above 0x7F. */
  ascii = true;
  /** Start and end of each number that a double may not represent exactly. */
  exact: number[] = [];

  reset(bytes: Buffer): void {
    this.bytes = bytes;
    this.at = 0;
    this.end = bytes.length;
    this.ascii = true;
    this.exact = [];
  }

  /** Releases the body, so that an idle scanner keeps none in memory. */
  release(): void {
    this.bytes = NO_BYTES;
    this.end = 0;
  }

  /** Returns the ASCII text from a position up to the cursor. */
  text(start: number): string {
    return this.bytes.toString('latin1', start, this.at);
  }

  /** Returns the next byte that is not JSON white space, without consuming it; -1 at the end. */
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
