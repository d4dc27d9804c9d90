import { describe, expect, it } from 'vitest';
import { lowerAscii, mediaTypeOf, trimOws } from './header-text.js';

/** Every byte that a header value may hold (RFC 9110 5.5), as Node gives it. */
const BYTES = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => byte >= 0x20 || byte === 0x09);
const WHITE_SPACE = new Set([0x20, 0x09]);

describe('a header value', () => {
  it('loses SP and HTAB at its ends, and no other byte', () => {
    for (const byte of BYTES) {
      const character = String.fromCharCode(byte);
      const expected = WHITE_SPACE.has(byte) ? 'a' : `${character}a${character}`;
      expect(trimOws(`${character}a${character}`)).toBe(expected);
      expect(trimOws(`a${character}b`)).toBe(`a${character}b`);
    }
    expect(trimOws(' \t \t a b\t ')).toBe('a b');
    expect([trimOws(''), trimOws(' '), trimOws('\t \t')]).toEqual(['', '', '']);
  });

  it('is lowered in its ASCII letters alone', () => {
    for (const byte of BYTES) {
      const character = String.fromCharCode(byte);
      const expected = byte >= 0x41 && byte <= 0x5a ? String.fromCharCode(byte + 0x20) : character;
      expect(lowerAscii(character)).toBe(expected);
      expect(lowerAscii(`\xc0${character}`)).toBe(`\xc0${expected}`);
    }
    expect(lowerAscii('Text/HTML')).toBe('text/html');
  });

  it.each([
    ['application/json', 'application/json'],
    [' Application/JSON\t; charset=UTF-8', 'application/json'],
    ['\xa0application/json', '\xa0application/json'],
    ['application/json\xa0;a=b', 'application/json\xa0'],
    ['', ''],
  ])('%j names the media type %j', (value, expected) => {
    expect(mediaTypeOf(value)).toBe(expected);
  });
});
