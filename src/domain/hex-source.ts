import { randomBytes } from 'node:crypto';

const POOL_BYTES = 4096;

/** Draws random hexadecimal digits from a pool: one call of the generator serves many requests. */
export class HexSource {
  private pool = Buffer.alloc(0);
  private offset = 0;

  /** Returns two lower-case digits per byte. */
  draw(bytes: number): string {
    if (this.offset + bytes > this.pool.length) {
      this.pool = randomBytes(POOL_BYTES);
      this.offset = 0;
    }
    this.offset += bytes;
    return this.pool.toString('hex', this.offset - bytes, this.offset);
  }
}
