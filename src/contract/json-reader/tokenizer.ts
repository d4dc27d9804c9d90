import { Cursor } from './cursor.js';
import { scanNumber } from './number-scan.js';
import { scanString } from './string-scan.js';

/** Limits of the structure of a body. */
export interface JsonLimits {
  /** Maximum nesting of objects and arrays. */
  readonly maxDepth: number;
  /** Maximum number of keys in the whole body, and of objects and arrays. */
  readonly maxKeys: number;
}

/** Result of one pass over a body. */
export interface JsonShape {
  readonly keys: number;
  readonly ascii: boolean;
  /**
   * Start and end of each number that needs its digits, because a double would round it, or turn a fraction into an
   * integer.
   */
  readonly exact: readonly number[];
}

const COMMA = 0x2c;
const COLON = 0x3a;
const QUOTE = 0x22;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;

/**
 * Checks a body against RFC 8259 and the limits in one pass over its bytes, with an explicit stack. Keeps no state
 * between bodies, so that one instance serves all requests of a route.
 */
export class JsonTokenizer {
  private readonly cursor = new Cursor();
  /** Byte that closes the container of each depth. */
  private readonly closers: Uint8Array;
  private depth = 0;
  private keys = 0;
  private containers = 0;

  constructor(private readonly limits: JsonLimits) {
    this.closers = new Uint8Array(limits.maxDepth + 1);
  }

  /**
   * Scans a body. Throws GatewayError MALFORMED_JSON, or INVALID_ARGUMENT for an overlong number, with position and
   * path. Duplicate keys are detected by the caller, which counts the keys.
   */
  scan(bytes: Buffer): JsonShape {
    this.cursor.reset(bytes);
    this.depth = this.keys = this.containers = 0;
    try {
      this.scanDocument();
      return { keys: this.keys, ascii: this.cursor.ascii, exact: this.cursor.exact };
    } finally {
      this.cursor.release();
    }
  }

  private scanDocument(): void {
    this.rejectOtherEncodings();
    do {
      this.scanValue();
      this.scanAfterValue();
    } while (this.depth > 0);
    if (this.cursor.peek() !== -1) this.cursor.fail('there is more after the end of the JSON value');
  }

  /** Scans a scalar, or the start of a container up to its first value. */
  private scanValue(): void {
    for (;;) {
      const byte = this.cursor.peek();
      if (byte === OPEN_OBJECT) {
        this.open(CLOSE_OBJECT);
        if (this.cursor.peek() === CLOSE_OBJECT) return;
        this.scanKey();
      } else if (byte === OPEN_ARRAY) {
        this.open(CLOSE_ARRAY);
        if (this.cursor.peek() === CLOSE_ARRAY) return;
      } else {
        return this.scanScalar(byte);
      }
    }
  }

  /** Scans closing brackets and the comma (and key) before the next value, or reaches the end of the root. */
  private scanAfterValue(): void {
    while (this.depth > 0) {
      const closer = this.closers[this.depth] as number;
      const byte = this.cursor.peek();
      if (byte === closer) {
        this.cursor.at++;
        this.depth--;
      } else if (byte === COMMA) {
        this.cursor.at++;
        if (closer === CLOSE_OBJECT) this.scanKey();
        return;
      } else {
        this.unexpected(closer === CLOSE_OBJECT ? '"," or "}"' : '"," or "]"');
      }
    }
  }

  private open(closer: number): void {
    const { maxDepth, maxKeys } = this.limits;
    if (this.depth >= maxDepth) this.cursor.fail(`objects and arrays are nested more than ${maxDepth} deep`);
    if (++this.containers > maxKeys) this.cursor.fail(`there are more than ${maxKeys} objects and arrays`);
    this.closers[++this.depth] = closer;
    this.cursor.at++;
  }

  private scanKey(): void {
    if (this.cursor.peek() !== QUOTE) this.unexpected('a key in double quotes');
    if (++this.keys > this.limits.maxKeys) this.cursor.fail(`there are more than ${this.limits.maxKeys} keys`);
    scanString(this.cursor);
    if (this.cursor.peek() !== COLON) this.unexpected('":"');
    this.cursor.at++;
  }

  private scanScalar(byte: number): void {
    if (byte === QUOTE) scanString(this.cursor);
    else if (byte === 0x2d || (byte >= 0x30 && byte <= 0x39)) scanNumber(this.cursor);
    else if (byte === 0x74) this.scanWord('true');
    else if (byte === 0x66) this.scanWord('false');
    else if (byte === 0x6e) this.scanWord('null');
    else this.unexpected('a value');
  }

  private scanWord(word: string): void {
    const { cursor } = this;
    for (let index = 0; index < word.length; index++) {
      if (cursor.bytes[cursor.at + index] !== word.charCodeAt(index)) this.unexpected('a value');
    }
    cursor.at += word.length;
  }

  private unexpected(wanted: string): never {
    const { bytes, at, end } = this.cursor;
    if (at >= end) this.cursor.fail(`the body ends where ${wanted} should be`);
    const byte = bytes[at] as number;
    const found =
      byte > 0x20 && byte < 0x7f
        ? `"${String.fromCharCode(byte)}"`
        : `the byte 0x${byte.toString(16).padStart(2, '0')}`;
    return this.cursor.fail(`found ${found} where ${wanted} should be`);
  }

  /** Refuses other encodings than UTF-8 without a byte order mark (RFC 8259 section 8.1). */
  private rejectOtherEncodings(): void {
    const [first, second, third] = this.cursor.bytes;
    if (first === 0xef && second === 0xbb && third === 0xbf) this.cursor.fail('a byte order mark is not allowed');
    const hasMark = (first === 0xfe && second === 0xff) || (first === 0xff && second === 0xfe);
    if (hasMark || first === 0 || second === 0) this.cursor.fail('the body must be UTF-8, not UTF-16 or UTF-32');
  }
}
