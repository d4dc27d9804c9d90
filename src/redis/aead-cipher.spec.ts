import { describe, expect, it } from 'vitest';
import { AeadCipher } from './aead-cipher.js';

const OLD = 'the first secret of 32 bytes or more';
const NEW = 'the second secret of 32 bytes or more';

describe('a sealed box', () => {
  const cipher = new AeadCipher('test', [NEW, OLD]);

  it('gives back what was sealed, never twice the same, readable nowhere', () => {
    const sealed = cipher.seal('key', 'alice');
    expect(cipher.open('key', sealed)).toBe('alice');
    expect(cipher.seal('key', 'alice')).not.toBe(sealed);
    expect(Buffer.from(sealed, 'base64').toString('latin1')).not.toContain('alice');
  });

  it('opens what the secret before it sealed', () => {
    expect(cipher.open('key', new AeadCipher('test', [OLD]).seal('key', 'alice'))).toBe('alice');
  });

  it.each([
    ['another name', () => cipher.seal('other', 'alice')],
    ['another purpose', () => new AeadCipher('else', [NEW]).seal('key', 'alice')],
    ['another secret', () => new AeadCipher('test', ['an unknown secret of 32 bytes']).seal('key', 'alice')],
    ['a flipped bit', () => flipLastBit(cipher.seal('key', 'alice'))],
    ['a cut text', () => cipher.seal('key', 'alice').slice(0, 20)],
    ['nothing', () => ''],
    ['no base64', () => '{"subject":"alice"}'.repeat(9)],
  ])('does not open %s', (_what, sealed) => {
    expect(cipher.open('key', sealed())).toBeUndefined();
  });
});

function flipLastBit(sealed: string): string {
  const bytes = Buffer.from(sealed, 'base64');
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  return bytes.toString('base64');
}
