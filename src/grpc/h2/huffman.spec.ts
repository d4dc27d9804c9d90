import { describe, expect, it } from 'vitest';
import { decodeHuffman, huffmanScratch } from './huffman.js';

function decoded(bytes: Buffer): string {
  return huffmanScratch.toString('latin1', 0, decodeHuffman(bytes));
}

/** The bits of a code, filled up with ones to whole bytes. */
function bytesOf(code: number, bits: number): Buffer {
  const text = code.toString(2).padStart(bits, '0');
  const padded = text.padEnd(Math.ceil(bits / 8) * 8, '1');
  return Buffer.from(padded.match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? []);
}

describe('the Huffman code of HPACK', () => {
  it.each([
    ['f1e3c2e5f23a6ba0ab90f4ff', 'www.example.com'],
    ['a8eb10649cbf', 'no-cache'],
    ['25a849e95ba97d7f', 'custom-key'],
    ['9d29ad171863c78f0b97c8e9ae82ae43d3', 'https://www.example.com'],
    ['94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007', COOKIE()],
    ['', ''],
  ])('reads %s of RFC 7541', (hex, text) => {
    expect(decoded(Buffer.from(hex, 'hex'))).toBe(text);
  });

  it.each([
    [48, 0x0, 5],
    [126, 0x1ffd, 13],
    [92, 0x7fff0, 19],
    [208, 0x7fff2, 19],
    [255, 0x3ffffee, 26],
    [127, 0xffffffc, 28],
    [249, 0xffffffe, 28],
    [10, 0x3ffffffc, 30],
    [22, 0x3ffffffe, 30],
  ])('gives symbol %i the code of appendix B', (symbol, code, bits) => {
    expect(decoded(bytesOf(code, bits))).toBe(String.fromCharCode(symbol));
  });

  it.each([
    ['its own end', 'ffffffff', 'holds its own end'],
    ['more than seven bits of padding', '1fff', 'ends within a symbol'],
    ['padding that is not of ones', '18', 'ends within a symbol'],
    ['half a symbol', 'ff', 'ends within a symbol'],
  ])('refuses %s', (_, hex, reason) => {
    expect(() => decodeHuffman(Buffer.from(hex, 'hex'))).toThrow(reason);
  });
});

function COOKIE(): string {
  return 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1';
}
