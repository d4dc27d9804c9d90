import { describe, expect, it } from 'vitest';
import { PathDecoder } from './hpack.js';
import { decodeHuffman } from './huffman.js';

const PATH = '/user.v1.UserService/GetUser';
const string = (text: string) => Buffer.concat([Buffer.of(text.length), Buffer.from(text)]);
const indexedPath = (path: string) => Buffer.concat([Buffer.of(0x44), string(path)]);
const indexedOther = (name: string) => Buffer.concat([Buffer.of(0x40), string(name), string('value')]);
const dynamic = (age: number) => Buffer.of(0x80 | (62 + age));

describe('the HPACK reader', () => {
  it.each([
    ['f1e3c2e5f23a6ba0ab90f4ff', 'www.example.com'],
    ['a8eb10649cbf', 'no-cache'],
    ['25a849e95ba97d7f', 'custom-key'],
    ['9d29ad171863c78f0b97c8e9ae82ae43d3', 'https://www.example.com'],
  ])('decodes the Huffman string %s of RFC 7541', (hex, text) => {
    expect(decodeHuffman(Buffer.from(hex, 'hex'))).toBe(text);
  });

  it('refuses a symbol that it does not know', () => {
    expect(() => decodeHuffman(Buffer.from('ffff', 'hex'))).toThrow('outside of printable ASCII');
  });

  it('finds a path that is not indexed among other headers', () => {
    const block = Buffer.concat([Buffer.of(0x83, 0x86, 0x04), string(PATH), indexedOther('te')]);
    expect(new PathDecoder().decode(block)).toBe(PATH);
  });

  it('finds a path by its index while newer entries push it back', () => {
    const decoder = new PathDecoder();
    expect(decoder.decode(indexedPath(PATH))).toBe(PATH);
    for (let age = 0; age < 60; age++) {
      expect(decoder.decode(Buffer.concat([dynamic(age), indexedOther(`x-${age}`)]))).toBe(PATH);
    }
  });

  it('reads a new path under the name of an indexed one', () => {
    const decoder = new PathDecoder();
    decoder.decode(indexedPath(PATH));
    expect(decoder.decode(Buffer.concat([Buffer.of(0x40 | 62), string('/other')]))).toBe('/other');
  });

  it('says nothing of a block without a path, and refuses one that is cut off', () => {
    expect(new PathDecoder().decode(indexedOther('te'))).toBeUndefined();
    expect(() => new PathDecoder().decode(Buffer.of(0x44, 20, 0x2f))).toThrow('longer than its block');
  });
});
