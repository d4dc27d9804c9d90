import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../domain/errors.js';
import { ExactNumber } from './exact-number.js';
import { JsonParser } from './json-parser.js';

const parser = new JsonParser({ maxDepth: 64, maxKeys: 1000 });

function parse(body: string | Uint8Array): unknown {
  return parser.parse(typeof body === 'string' ? Buffer.from(body) : body);
}

function refusal(body: string | Uint8Array): GatewayError {
  try {
    parse(body);
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error('the body was accepted');
}

const bytes = (...values: number[]) => Uint8Array.from(values);
const inString = (...values: number[]) => bytes(0x22, ...values, 0x22);

describe('a body that is no JSON', () => {
  it.each([
    ['', 'the body ends where a value should be'],
    ['  \n', 'the body ends where a value should be'],
    ['{', 'the body ends where a key in double quotes should be'],
    ['[1', 'the body ends where "," or "]" should be'],
    ['{"a":1', 'the body ends where "," or "}" should be'],
    ['{"a"', 'the body ends where ":" should be'],
    ['[1,]', 'found "]" where a value should be'],
    ['{"a":1,}', 'found "}" where a key in double quotes should be'],
    ['{a:1}', 'found "a" where a key in double quotes should be'],
    ["{'a':1}", 'where a key in double quotes should be'],
    ['{"a" 1}', 'found "1" where ":" should be'],
    ['{"a":1 "b":2}', 'where "," or "}" should be'],
    ['[1}', 'found "}" where "," or "]" should be'],
    ['{"a":1]', 'found "]" where "," or "}" should be'],
    [']', 'found "]" where a value should be'],
    ['{} {}', 'there is more after the end'],
    ['{}x', 'there is more after the end'],
    ['1 2', 'there is more after the end'],
    ['/* */ 1', 'found "/" where a value should be'],
    ['\v1', 'found the byte 0x0b where a value should be'],
    ['\u00a01', 'found the byte 0xc2 where a value should be'],
    ['nul', 'where a value should be'],
    ['True', 'where a value should be'],
    ['truex', 'there is more after the end'],
    ['NaN', 'where a value should be'],
    ['-Infinity', 'a number needs a digit'],
    ['undefined', 'where a value should be'],
    ['01', 'a number may not start with 0'],
    ['-01', 'a number may not start with 0'],
    ['+1', 'where a value should be'],
    ['-', 'a number needs a digit'],
    ['1.', 'a number needs a digit after its point'],
    ['.5', 'where a value should be'],
    ['1.e3', 'a number needs a digit after its point'],
    ['1e', 'an exponent needs a digit'],
    ['1e+', 'an exponent needs a digit'],
    ['0x10', 'there is more after the end'],
    ['1_000', 'there is more after the end'],
    ['1e400', 'out of the range of a double'],
    ['-1e400', 'out of the range of a double'],
    [`1${'0'.repeat(400)}`, 'out of the range of a double'],
    ['"a', 'a string is not closed'],
    ['"a\\"', 'a string is not closed'],
    ['"a\nb"', 'the control character 0x0a must be escaped'],
    ['"a\u0000"', 'the control character 0x00 must be escaped'],
    ['"\\x41"', 'there is no such escape sequence'],
    ['"\\', 'there is no such escape sequence'],
    ['"\\u12"', 'four hexadecimal digits'],
    ['"\\u12g4"', 'four hexadecimal digits'],
    ['"\\ud800"', 'half of a surrogate pair'],
    ['"\\ud800\\u0041"', 'half of a surrogate pair'],
    ['"\\ud800\\ud800"', 'half of a surrogate pair'],
    ['"\\udc00"', 'half of a surrogate pair'],
    ['"\\ud83dx\\ude00"', 'half of a surrogate pair'],
    ['\ufeff{}', 'a byte order mark is not allowed'],
  ])('is refused: %j', (body, what) => {
    const error = refusal(body);
    expect(error.code).toBe('MALFORMED_JSON');
    expect(error.detail).toContain(what);
  });

  it.each([
    ['UTF-16 with a mark', Buffer.from('\ufeff{}', 'utf16le')],
    ['UTF-16 without a mark', Buffer.from('{}', 'utf16le')],
    ['UTF-16 big-endian', bytes(0x00, 0x7b, 0x00, 0x7d)],
    ['UTF-32', bytes(0x00, 0x00, 0xfe, 0xff)],
  ])('is refused for its encoding: %s', (_name, body) => {
    expect(refusal(body).detail).toContain('must be UTF-8');
  });

  it.each([
    ['a stray continuation byte', inString(0x80)],
    ['an overlong slash', inString(0xc0, 0xaf)],
    ['an overlong NUL of 3 bytes', inString(0xe0, 0x80, 0x80)],
    ['an overlong NUL of 4 bytes', inString(0xf0, 0x80, 0x80, 0x80)],
    ['a surrogate', inString(0xed, 0xa0, 0x80)],
    ['a code point above U+10FFFF', inString(0xf4, 0x90, 0x80, 0x80)],
    ['a character cut short', inString(0xe2, 0x82)],
    ['a character cut by the end', bytes(0x22, 0xe2, 0x82)],
    ['Latin-1', inString(0xe9, 0x61)],
    ['the byte 0xFF', inString(0xff)],
  ])('is refused as no UTF-8: %s', (_name, body) => {
    expect(refusal(body).detail).toMatch(/begins no UTF-8 character at byte 1/);
  });
});

describe('a refusal', () => {
  it('names byte, line, column and field', () => {
    const error = refusal('{\n  "users": [{}, {"lébel": {"a b": tru}}]\n}');
    expect(error.errors).toEqual([
      {
        field: 'users[1]["lébel"]["a b"]',
        detail: 'found "t" where a value should be at byte 37 (line 2, column 35)',
      },
    ]);
  });

  it('shows a key of the client only in part', () => {
    const [violation] = refusal(`{"${'k'.repeat(10_000)}": x}`).errors;
    expect(violation?.field.length).toBeLessThan(100);
  });
});

describe('limits', () => {
  it.each([
    ['an integer', '1'.repeat(513)],
    ['a fraction', `0.${'1'.repeat(511)}`],
    ['zeros', `1.${'0'.repeat(511)}`],
    ['an exponent', `1e-${'0'.repeat(509)}1`],
    ['a negative number', `-${'1'.repeat(100_000)}`],
  ])('refuse %s of more than 512 characters, and name its place', (_name, number) => {
    const error = refusal(`{"a":[1,${number}]}`);
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.detail).toContain('a[1]: a number has more than 512 characters at byte 8 (line 1, column 9)');
    expect(error.errors.map(({ field }) => field)).toEqual(['a[1]']);
  });

  it('leave room for every double in plain notation', () => {
    const smallest = `0.${'0'.repeat(323)}5`;
    const largest = `17976931348623157${'0'.repeat(292)}`;
    expect(parse(`[${smallest},${largest}]`)).toEqual([5e-324, new ExactNumber(largest)]);
  });

  it('accepts 64 levels and refuses the 65th at its byte, whatever follows', () => {
    expect(() => parse('['.repeat(64) + ']'.repeat(64))).not.toThrow();
    const error = refusal('['.repeat(1 << 20));
    expect(error.detail).toContain('nested more than 64 deep at byte 64 ');
  });

  it('refuses deep objects', () => {
    expect(refusal('{"a":'.repeat(100_000)).detail).toContain('nested more than 64 deep');
  });

  it('accepts 1000 keys and refuses the next', () => {
    const body = (keys: number) =>
      JSON.stringify(Object.fromEntries([...Array(keys).keys()].map((key) => [`k${key}`, 1])));
    expect(Object.keys(parse(body(1000)) as object)).toHaveLength(1000);
    expect(refusal(body(1001)).detail).toContain('more than 1000 keys');
    expect(refusal(body(100_000)).detail).toContain('more than 1000 keys');
  });

  it('refuses floods of empty containers', () => {
    expect(refusal(`[${'[],'.repeat(300_000)}[]]`).detail).toContain('more than 1000 objects and arrays');
  });

  it('lets arrays of scalars be as long as the body may be', () => {
    expect(parse(`[${'0,'.repeat(200_000)}0]`)).toHaveLength(200_001);
  });
});

describe('duplicate keys', () => {
  it.each([
    ['{"a":1,"a":1}', 'a'],
    ['{"a":1,"b":{"c":[{"x":1,"y":2,"x":3}]}}', 'b.c[0].x'],
    ['{"a":{"x":1},"a":2}', 'a'],
    ['{"a":1,"\\u0061":2}', 'a'],
    ['{"__proto__":1,"__proto__":2}', '__proto__'],
    ['{"":1,"":2}', '[""]'],
  ])('are refused: %s', (body, field) => {
    const error = refusal(body);
    expect(error.code).toBe('MALFORMED_JSON');
    expect(error.errors).toEqual([{ field, detail: expect.stringContaining('duplicate key') }]);
  });

  it('may be in different objects', () => {
    expect(parse('{"a":{"a":[{"a":1},{"a":2}]}}')).toEqual({ a: { a: [{ a: 1 }, { a: 2 }] } });
  });
});

describe('numbers', () => {
  it.each([
    '9007199254740993',
    '9223372036854775807',
    '18446744073709551615',
    '9007199254740993.0',
    '1e19',
    '1.00000000000000000001',
  ])('keep the digits that a double would lose: %s', (source) => {
    expect(parse(source)).toEqual(new ExactNumber(source));
  });

  it.each(['1e15', '12345678901234e1', '-1e-5', '10e-1', '1E+3', '1e2', '0e99'])(
    'with exponents keep their value: %s',
    (source) => {
      const value = parse(source);
      expect(value instanceof ExactNumber ? value.value : value).toBe(Number(source));
    },
  );

  it.each([0, -0, 1.5, 1e3, 123456789012345, 0.1234567890123456, 5e-324, -2.5e-7])(
    'are plain when a double holds them: %s',
    (value) => {
      expect(parse(Object.is(value, -0) ? '-0' : String(value))).toBe(value);
    },
  );
});

it('keeps numbers apart from strings that look like them', () => {
  const body = '{"é":["9007199254740993",9007199254740993,{"a":-9007199254740993}],"b":"\\ud800\\udc00"}';
  expect(parse(body)).toEqual({
    é: ['9007199254740993', new ExactNumber('9007199254740993'), { a: new ExactNumber('-9007199254740993') }],
    b: '\u{10000}',
  });
});

it('makes __proto__ a key like any other', () => {
  const value = parse('{"__proto__":{"isAdmin":true}}') as object;
  expect(Object.keys(value)).toEqual(['__proto__']);
  expect((value as { isAdmin?: boolean }).isAdmin).toBeUndefined();
});
