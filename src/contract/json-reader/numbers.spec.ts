import { describe, expect, it } from 'vitest';
import { readKinds as read, refusalOf } from '../../../test/support/request-route.js';

const refusal = (message: string, body: string) => refusalOf(() => read(message, body));

const wide = ['fInt64', 'fSint64', 'fSfixed64'];
const wideUnsigned = ['fUint64', 'fFixed64'];
const narrow = ['fInt32', 'fSint32', 'fSfixed32'];
const narrowUnsigned = ['fUint32', 'fFixed32'];
const integers = [...wide, ...wideUnsigned, ...narrow, ...narrowUnsigned];
const reals = ['fDouble', 'fFloat'];

const NO_INTEGERS = [
  ['1.5'],
  ['"1.5"'],
  ['"abc"'],
  ['""'],
  ['" 1"'],
  ['"1 "'],
  ['"\\t1"'],
  ['" "'],
  ['"0x10"'],
  ['"0b1"'],
  ['"0o7"'],
  ['"+1"'],
  ['"01"'],
  ['"1_000"'],
  ['"1e"'],
  ['"NaN"'],
  ['"Infinity"'],
  ['true'],
  ['"true"'],
  ['{}'],
  ['[]'],
  ['[1]'],
  ['1e-1'],
  ['9007199254740993.5'],
  ['1.00000000000000000001'],
  ['1e300'],
  ['"1e300"'],
] as const;

describe.each(integers)('an integer field (%s)', (field) => {
  it.each(NO_INTEGERS)('refuses %s', (value) => {
    const error = refusal('Scalars', `{"${field}":${value}}`);
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.errors).toEqual([{ field, detail: expect.stringMatching(/expected an? u?int(32|64), got /) }]);
  });

  it.each(['7', '"7"', '7.0', '"7.0"', '70e-1', '0.7e1', '"0.7E+1"', '7.00000000000000000000'])(
    'reads %s as 7',
    (value) => {
      expect(read('Scalars', `{"${field}":${value}}`)).toEqual({
        [field]: [...wide, ...wideUnsigned].includes(field) ? '7' : 7,
      });
    },
  );

  it.each(['0', '-0', '"-0"', '0e5', '0.0', 'null'])('reads %s as unset', (value) => {
    expect(read('Scalars', `{"${field}":${value}}`)).toEqual({});
  });
});

describe('the range of integers', () => {
  const bounds = [
    ...wide.flatMap((field) => [
      [field, '9223372036854775807', '9223372036854775808'],
      [field, '-9223372036854775808', '-9223372036854775809'],
    ]),
    ...wideUnsigned.flatMap((field) => [
      [field, '18446744073709551615', '18446744073709551616'],
      [field, '1', '-1'],
    ]),
    ...narrow.flatMap((field) => [
      [field, '2147483647', '2147483648'],
      [field, '-2147483648', '-2147483649'],
    ]),
    ...narrowUnsigned.flatMap((field) => [
      [field, '4294967295', '4294967296'],
      [field, '1', '-1'],
    ]),
  ] as [string, string, string][];

  it.each(bounds)('of %s ends at %s, before %s', (field, last, beyond) => {
    for (const [accepted, refused] of [
      [last, beyond],
      [`"${last}"`, `"${beyond}"`],
    ]) {
      expect(String((read('Scalars', `{"${field}":${accepted}}`) as Record<string, unknown>)[field])).toBe(last);
      expect(refusal('Scalars', `{"${field}":${refused}}`).errors[0]?.detail).toMatch(/^out of range: expected/);
    }
  });

  it('names the value that was out of it', () => {
    expect(refusal('Scalars', '{"fInt32":4294967296}').errors).toEqual([
      { field: 'fInt32', detail: 'out of range: expected an int32, got the number 4294967296' },
    ]);
  });
});

describe.each(reals)('a real field (%s)', (field) => {
  it.each([
    ['"abc"'],
    ['""'],
    ['" 1"'],
    ['"0x10"'],
    ['"1.5x"'],
    ['"+1"'],
    ['".5"'],
    ['"nan"'],
    ['"inf"'],
    ['"+Infinity"'],
    ['true'],
    ['{}'],
    ['[]'],
  ])('refuses %s', (value) => {
    expect(refusal('Scalars', `{"${field}":${value}}`).errors).toEqual([
      { field, detail: expect.stringMatching(/^expected a (double|float), got /) },
    ]);
  });

  it.each([
    ['1.5', 1.5],
    ['"1.5"', 1.5],
    ['"-2.5e-1"', -0.25],
    ['1e3', 1000],
    ['"NaN"', 'NaN'],
    ['"Infinity"', 'Infinity'],
    ['"-Infinity"', '-Infinity'],
    ['9007199254740992', 9007199254740992],
    ['16777216.00000000000000', 16777216],
  ])('reads %s', (value, expected) => {
    expect(read('Scalars', `{"${field}":${value}}`)).toEqual({ [field]: expected });
  });
});

describe('the range of real fields', () => {
  it.each([
    ['fFloat', '3.5e38'],
    ['fFloat', '-3.4028236e38'],
    ['fFloat', '"1e39"'],
    ['fDouble', '"1e309"'],
  ])('of %s is left by %s', (field, value) => {
    expect(refusal('Scalars', `{"${field}":${value}}`).errors[0]?.detail).toMatch(/^out of range/);
  });

  it('holds the largest float', () => {
    expect(read('Scalars', '{"fFloat":3.4028234663852886e38}')).toEqual({ fFloat: 3.4028234663852886e38 });
  });
});
