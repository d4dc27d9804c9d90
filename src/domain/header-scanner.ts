import { lowerAscii } from './header-text.js';

/** 1 for the characters of a token (RFC 9110 5.6.2), by code. */
const TOKEN = Uint8Array.from({ length: 128 }, (_, code) =>
  /[!#$%&'*+.^_`|~0-9A-Za-z-]/.test(String.fromCharCode(code)) ? 1 : 0,
);
const SPACE = 0x20;
const TAB = 0x09;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;

/** Reads the parts of a header field value. White space is SP and HTAB, and nothing else (RFC 9110 5.6.3). */
export class HeaderScanner {
  private at = 0;

  constructor(private readonly text: string) {}

  get atEnd(): boolean {
    return this.at >= this.text.length;
  }

  /** Returns whether the scanner is at the end of a list element, or of the list. */
  get atElementEnd(): boolean {
    return this.atEnd || this.code === COMMA;
  }

  private get code(): number {
    return this.text.charCodeAt(this.at);
  }

  skipSpace(): void {
    while (this.code === SPACE || this.code === TAB) this.at++;
  }

  /** Consumes one character if it is the next one. */
  take(character: string): boolean {
    if (this.text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  /** Reads a token, in lower case; empty when there is none. */
  token(): string {
    return lowerAscii(this.rawToken());
  }

  /** Reads a token with its case preserved, or the content of a quoted string; undefined when there is neither. */
  value(): string | undefined {
    return this.code === QUOTE ? this.quoted() : this.rawToken() || undefined;
  }

  /** Skips everything up to the next comma outside of quotes. */
  skipElement(): void {
    while (!this.atElementEnd) {
      if (this.code !== QUOTE) this.at++;
      else if (this.quoted() === undefined) this.at = this.text.length;
    }
  }

  private rawToken(): string {
    const start = this.at;
    while (TOKEN[this.code] === 1) this.at++;
    return this.text.slice(start, this.at);
  }

  private quoted(): string | undefined {
    let value = '';
    for (let at = this.at + 1; at < this.text.length; at++) {
      let code = this.text.charCodeAt(at);
      if (code === QUOTE) {
        this.at = at + 1;
        return value;
      }
      if (code === BACKSLASH) code = this.text.charCodeAt(++at);
      value += String.fromCharCode(code);
    }
    return undefined;
  }
}
