import { expect, it } from 'vitest';
import { uuidV7 } from './uuid-v7.js';

it('has the layout of RFC 9562', () => {
  expect(uuidV7()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

it.each([
  [0, '00000000-0000-7'],
  // The example of RFC 9562 appendix A.6.
  [1_645_557_742_000, '017f22e2-79b0-7'],
  [2 ** 48 - 1, 'ffffffff-ffff-7'],
])('of %i ms begins with %s', (now, prefix) => {
  expect(uuidV7(now).slice(0, prefix.length)).toBe(prefix);
});

it('is not made twice', () => {
  const ids = Array.from({ length: 10_000 }, () => uuidV7(0));
  expect(new Set(ids).size).toBe(ids.length);
});

it('has every random bit set about half of the time', () => {
  const digits = Array.from({ length: 2_000 }, () => BigInt(`0x${uuidV7(0).replaceAll('-', '')}`));
  const fixed = new Set([76, 77, 78, 79, 62, 63]);
  for (let bit = 0; bit < 80; bit++) {
    if (fixed.has(bit)) continue;
    const set = digits.filter((id) => (id >> BigInt(bit)) & 1n).length;
    expect(set).toBeGreaterThan(700);
    expect(set).toBeLessThan(1_300);
  }
});
