import { equals, fromBinary, fromJson, ScalarType, toBinary, toJson } from '@bufbuild/protobuf';
import type { DescField, DescMessage, JsonValue } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kindsMessage, kindsRegistry, requestInput, routeFor } from '../../../test/support/request-route.js';
import { hasOwnJsonForm } from './check-well-known.js';
import { compileRequestCodec } from './request-codec.js';

const options = { registry: kindsRegistry, maxDepth: 64, maxKeys: 100_000 };

const text = fc.string({ unit: 'binary' }).filter((value) => value.isWellFormed());
const digits = (min: bigint, max: bigint) => fc.bigInt({ min, max }).map(String);
const bytes = fc.uint8Array({ maxLength: 20 }).map((value) => Buffer.from(value).toString('base64'));
const real = fc.oneof(
  fc.double({ noDefaultInfinity: true, noNaN: true }),
  fc.constantFrom('NaN', 'Infinity', '-Infinity'),
);
const float = fc.float({ noDefaultInfinity: true, noNaN: true });
const int32 = fc.integer();
const uint32 = fc.nat(0xffffffff);
const int64 = digits(-(2n ** 63n), 2n ** 63n - 1n);
const uint64 = digits(0n, 2n ** 64n - 1n);

const SCALARS: Readonly<Record<ScalarType, fc.Arbitrary<JsonValue>>> = {
  [ScalarType.DOUBLE]: real,
  [ScalarType.FLOAT]: float,
  [ScalarType.INT64]: int64,
  [ScalarType.SINT64]: int64,
  [ScalarType.SFIXED64]: int64,
  [ScalarType.UINT64]: uint64,
  [ScalarType.FIXED64]: uint64,
  [ScalarType.INT32]: int32,
  [ScalarType.SINT32]: int32,
  [ScalarType.SFIXED32]: int32,
  [ScalarType.UINT32]: uint32,
  [ScalarType.FIXED32]: uint32,
  [ScalarType.BOOL]: fc.boolean(),
  [ScalarType.STRING]: text,
  [ScalarType.BYTES]: bytes,
};

const anyJson = fc.jsonValue({ maxDepth: 2, stringUnit: 'binary' }) as fc.Arbitrary<JsonValue>;
const date = fc.date({
  min: new Date('0001-01-01T00:00:00Z'),
  max: new Date('9999-12-31T23:59:59Z'),
  noInvalidDate: true,
});
const WELL_KNOWN: Readonly<Record<string, fc.Arbitrary<JsonValue>>> = {
  Timestamp: date.map((value) => value.toISOString()),
  Duration: fc
    .tuple(fc.integer(), fc.nat(999))
    .map(([seconds, millis]) => `${seconds}.${String(millis).padStart(3, '0')}s`),
  FieldMask: fc.array(fc.constantFrom('a', 'fooBar', 'foo.barBaz')).map((paths) => paths.join(',')),
  Struct: fc.dictionary(text, anyJson),
  Value: anyJson,
  ListValue: fc.array(anyJson, { maxLength: 3 }),
  Any: fc.record({ '@type': fc.constant('type.googleapis.com/google.protobuf.Int64Value'), value: int64 }),
};

/** JSON of any message of a type, in either casing; nested messages end after a few levels. */
function jsonOf(desc: DescMessage, depth: number): fc.Arbitrary<JsonValue> {
  const own = WELL_KNOWN[desc.name];
  if (hasOwnJsonForm(desc)) return own ?? SCALARS[desc.fields[0]?.scalar ?? ScalarType.STRING];
  const fields = desc.fields.filter((field) => depth > 0 || field.message === undefined);
  const choices = new Map(
    fields.map((field) => [
      field.oneof ?? field,
      fields.filter((each) => (each.oneof ?? each) === (field.oneof ?? field)),
    ]),
  );
  const members = [...choices.values()].map((rivals) =>
    fc.option(fc.oneof(...rivals.map((field) => memberOf(field, depth))), { freq: 2 }),
  );
  return fc.tuple(...members).map((entries) => Object.fromEntries(entries.filter((entry) => entry !== null)));
}

function memberOf(field: DescField, depth: number): fc.Arbitrary<[string, JsonValue]> {
  return fc.tuple(fc.constantFrom(field.name, field.jsonName), valueOf(field, depth)) as fc.Arbitrary<
    [string, JsonValue]
  >;
}

function valueOf(field: DescField, depth: number): fc.Arbitrary<JsonValue> {
  const element = elementOf(field, depth);
  if (field.fieldKind === 'list') return fc.array(element, { maxLength: 4 });
  if (field.fieldKind !== 'map') return element;
  const key = SCALARS[field.mapKey].map(String);
  return fc.array(fc.tuple(key, element), { maxLength: 4 }).map((entries) => Object.fromEntries(entries));
}

function elementOf(field: DescField, depth: number): fc.Arbitrary<JsonValue> {
  if (field.message !== undefined) return jsonOf(field.message, depth - 1);
  if (field.enum?.typeName === 'google.protobuf.NullValue') return fc.constant(null);
  if (field.enum === undefined) return SCALARS[field.scalar ?? ScalarType.STRING];
  return fc.constantFrom<JsonValue>(...field.enum.values.flatMap((value) => [value.name, value.number]));
}

describe('any message', () => {
  it.each([
    'Kinds',
    'Scalars',
    'Optionals',
    'Lists',
    'Maps',
    'Choice',
    'WellKnown',
    'WellKnownLists',
    'WellKnownMaps',
    'Names',
    'Legacy',
  ])('of %s comes through its JSON unchanged', (name) => {
    const input = kindsMessage(name);
    const codec = compileRequestCodec(routeFor({ input, body: '*' }), options);
    fc.assert(
      fc.property(jsonOf(input, 2), (json) => {
        const plain = JSON.stringify(json);
        const message = fromJson(input, JSON.parse(plain) as JsonValue, { registry: kindsRegistry });
        const canonical = JSON.stringify(toJson(input, message, { registry: kindsRegistry }));
        const read = [canonical, plain, JSON.stringify(json, null, '\t')].map((body) => ({
          body,
          bytes: toBinary(input, fromBinary(input, codec.encode(requestInput({ body })))),
        }));
        const expected = toBinary(input, message);
        expect(read).toEqual(read.map(({ body }) => ({ body, bytes: expected })));
      }),
      { numRuns: 30 },
    );
  });
});

describe('integers beyond 2^53', () => {
  it('are exact as JSON numbers', () => {
    const input = kindsMessage('Lists');
    const codec = compileRequestCodec(routeFor({ input, body: '*' }), options);
    fc.assert(
      fc.property(fc.array(int64), fc.array(uint64), (signed, unsigned) => {
        const body = `{"rInt64":[${signed.join(',')}],"rUint64":[${unsigned.join(',')}]}`;
        const read = fromBinary(input, codec.encode(requestInput({ body })));
        const expected = fromJson(input, { rInt64: signed, rUint64: unsigned });
        expect(equals(input, read, expected)).toBe(true);
      }),
    );
  });
});

describe('naughty strings', () => {
  const NAUGHTY = [
    '',
    ' ',
    'undefined',
    'null',
    '__proto__',
    '0x10',
    '1e1000',
    'NaN',
    '\0',
    '\u0001\u0008\u001f\u007f\u0080\u009f',
    '\\"\'`/\\',
    '\r\n\t\v\f',
    '\u2028\u2029\u0085\u00a0\u3000',
    '\ufeff\ufffe\uffff\ufffd',
    '\u200b\u200e\u202e\u2066',
    'Ω≈ç√∫˜µ≤≥÷',
    'é e\u0301 ﬁ ẛ̣',
    '田中さんにあげて下さい',
    '👨‍👩‍👧‍👦🏳️‍🌈🇩🇪',
    '\u{10ffff}\u{1f600}\u{10000}',
    'Ṱ̺̺̕o͞ ̷i̲̬͇̪͙n̝̗͕v̟̜̘̦͟o̶̙̰̠kè͚̮̺̪̹̱̤',
    '<script>alert(1)</script>',
    "'; DROP TABLE users; --",
    '%00%2e%2e%2f',
    '{"a":[1,2]}',
    'ａｄｍｉｎ',
    'x'.repeat(100_000),
    '😀'.repeat(20_000),
  ];

  it.each(NAUGHTY)('survive body, query, path and tenant exactly: %j', (naughty) => {
    const input = kindsMessage('Owned');
    const policy = { tenantField: 'tenant_id' };
    const post = compileRequestCodec(routeFor({ input, body: '*', policy }), options);
    const get = compileRequestCodec(routeFor({ input, verb: 'GET', variables: ['secret'], policy }), options);
    const escaped = JSON.stringify({ name: naughty, secret: naughty }).replace(
      /[^\x20-\x7e]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
    const expected = fromJson(input, { name: naughty, secret: naughty, tenantId: naughty });
    const read = (encoded: Uint8Array) => fromBinary(input, encoded);
    expect(read(post.encode(requestInput({ body: { name: naughty, secret: naughty }, tenantId: naughty })))).toEqual(
      expected,
    );
    expect(read(post.encode(requestInput({ body: escaped, tenantId: naughty })))).toEqual(expected);
    const query = `name=${encodeURIComponent(naughty)}`;
    expect(read(get.encode(requestInput({ query, path: [naughty], tenantId: naughty })))).toEqual(expected);
  });
});
