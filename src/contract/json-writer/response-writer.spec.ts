import { deepStrictEqual } from 'node:assert/strict';
import { fromBinary, fromJson, toBinary, toJson } from '@bufbuild/protobuf';
import type { JsonValue } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fieldNamed, registry, typeNamed } from '../../../test/support/kinds.js';
import { wireMessages } from '../../../test/support/random-wire.js';
import type { WireOptions } from '../../../test/support/random-wire.js';
import { GatewayError } from '../../domain/errors.js';
import { compileResponseWriter, JsonWriter } from './response-writer.js';
import type { ResponseWriterOptions } from './response-writer.js';

const kinds = typeNamed('kinds.v1.Kinds');
const legacy = typeNamed('kinds.v1.Legacy');
const open: ResponseWriterOptions = {
  registry,
  emitDefaults: true,
  redact: [],
  tenantFields: [],
  responseBody: undefined,
};
const plain: WireOptions = { registry, disorder: false, redacted: [], tenants: [], tenantIds: [] };
/** Shrinking such messages takes longer than reading them. */
const runs = { numRuns: 150, endOnFailure: true };

/** Like `toEqual`, and an own `__proto__` counts too. */
function expectSameJson(written: Buffer, expected: unknown): void {
  deepStrictEqual(JSON.parse(written.toString()), expected);
}

/** What a reader gives, or undefined: parts of a message can be fine on their own and not together, as 5 s and -1 ns. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

describe.each([
  { emitDefaults: true, protoNames: false, enumNumbers: false },
  { emitDefaults: false, protoNames: false, enumNumbers: false },
  { emitDefaults: true, protoNames: true, enumNumbers: true },
  { emitDefaults: false, protoNames: true, enumNumbers: true },
])('a response with %o', (form) => {
  const { emitDefaults, protoNames: useProtoFieldName, enumNumbers: enumAsInteger } = form;
  const writer = new JsonWriter(kinds, { ...open, ...form });
  const esOptions = { registry, alwaysEmitImplicit: emitDefaults, useProtoFieldName, enumAsInteger };
  const expected = (bytes: Uint8Array): unknown => toJson(kinds, fromBinary(kinds, bytes), esOptions);

  it('is the JSON of Protobuf-ES, without a detour, for every message in plain wire order', () => {
    fc.assert(
      fc.property(wireMessages(kinds, plain), ({ full }) => {
        const written = writer.write(full, '');
        expectSameJson(written, expected(full));
        expect(writer.writePlain(full, '') !== undefined || /mask/i.test(written.toString())).toBe(true);
      }),
      runs,
    );
  });

  it('is the JSON of Protobuf-ES for every message in any wire order', () => {
    fc.assert(
      fc.property(wireMessages(kinds, { ...plain, disorder: true }), ({ full }) => {
        const written = attempt(() => JSON.parse(writer.write(full, '').toString()) as unknown);
        deepStrictEqual(
          written,
          attempt(() => expected(full)),
        );
      }),
      runs,
    );
  });

  it.each<[string, JsonValue]>([
    ['nothing', {}],
    ['groups', { grouped: { name: 'a' }, entry: [{ value: 1 }, { value: 2 }] }],
    ['a zero where there is presence', { text: '', number: 0 }],
    [
      'closed enums, packed and unpacked lists',
      { closed: 'CLOSED_SECOND', closedList: ['CLOSED_FIRST'], packed: [1, 2], unpacked: [3] },
    ],
    ['an extension', { '[kinds.v1.nickname]': 'Al', text: 'x' }],
  ])('is the JSON of Protobuf-ES for a proto2 message with %s', (_, json) => {
    const bytes = toBinary(legacy, fromJson(legacy, json, { registry }));
    const expectedJson = toJson(legacy, fromBinary(legacy, bytes), esOptions);
    expectSameJson(compileResponseWriter(legacy, { ...open, ...form }).write(bytes, ''), expectedJson);
  });
});

describe('a response that is one field', () => {
  const bodyOf = (name: string, message: JsonValue, options: Partial<ResponseWriterOptions> = {}): string => {
    const bytes = toBinary(kinds, fromJson(kinds, message, { registry }));
    return compileResponseWriter(kinds, { ...open, responseBody: fieldNamed(kinds, name), ...options })
      .write(bytes, 'acme')
      .toString();
  };

  it('is the JSON of that field alone', () => {
    expect(bodyOf('inners', { id: '1', inners: [{ name: 'a' }] }, { emitDefaults: false })).toBe('[{"name":"a"}]');
    expect(bodyOf('id', { id: 'x', farField: 3 })).toBe('"x"');
    expect(bodyOf('far_field', { id: 'x', farField: 3 })).toBe('3');
  });

  it('is an empty value or null when the field is absent, whether defaults are emitted or not', () => {
    for (const emitDefaults of [true, false]) {
      expect(bodyOf('inners', {}, { emitDefaults })).toBe('[]');
      expect(bodyOf('children_by_name', {}, { emitDefaults })).toBe('{}');
      expect(bodyOf('id', {}, { emitDefaults })).toBe('""');
      expect(bodyOf('inner', {}, { emitDefaults })).toBe('null');
      expect(bodyOf('choice_text', {}, { emitDefaults })).toBe('null');
    }
  });

  it('is the same by the slow path', () => {
    const message = { id: 'x', wellKnown: { fieldMask: 'a.b' } };
    expect(bodyOf('well_known', message, { emitDefaults: false })).toBe('{"fieldMask":"a.b"}');
    expect(bodyOf('inners', { ...message, inners: [] }, { emitDefaults: false })).toBe('[]');
  });

  it('still belongs to the tenant of the whole message', () => {
    const options = { tenantFields: ['tenant_id'] };
    expect(bodyOf('id', { id: 'x', tenantId: 'acme' }, options)).toBe('"x"');
    expect(() => bodyOf('id', { id: 'x', tenantId: 'evil' }, options)).toThrow(GatewayError);
    expect(() => bodyOf('id', { id: 'x' }, options)).toThrow(GatewayError);
  });

  it('refuses to boot when it is redacted', () => {
    expect(() => bodyOf('secret', {}, { redact: ['secret'] })).toThrow(/response_body "secret" .* is redacted/);
  });
});

describe('a response whose type has a JSON of its own', () => {
  const values: [typeName: string, field: string, json: JsonValue][] = [
    ['Timestamp', 'timestamp', '2024-02-29T23:59:59.000001Z'],
    ['Duration', 'duration', '-0.500s'],
    ['Duration', 'duration', '315576000000.999999999s'],
    ['Duration', 'duration', '-315576000000.999999999s'],
    ['Struct', 'struct', { a: [1, null, { b: true }] }],
    ['Value', 'value', 'x'],
    ['Value', 'value', null],
    ['Value', 'value', [1, {}]],
    ['ListValue', 'list_value', [1, null, 'a']],
    ['Empty', 'empty', {}],
    ['StringValue', 'string_value', ''],
    ['BytesValue', 'bytes_value', '+/8='],
    ['BoolValue', 'bool_value', false],
    ['Int32Value', 'int32_value', -1],
    ['UInt32Value', 'uint32_value', 0],
    ['Int64Value', 'int64_value', '-9223372036854775808'],
    ['UInt64Value', 'uint64_value', '18446744073709551615'],
    ['DoubleValue', 'double_value', 'Infinity'],
    ['FloatValue', 'float_value', 0.5],
    ['Any', 'any', { '@type': 'type.googleapis.com/google.protobuf.Duration', value: '1s' }],
    ['FieldMask', 'field_mask', 'a,bC'],
  ];

  it.each(values)('is written as such: %s', (typeName, _field, json) => {
    const desc = typeNamed(`google.protobuf.${typeName}`);
    const bytes = toBinary(desc, fromJson(desc, json, { registry }));
    expectSameJson(compileResponseWriter(desc, open).write(bytes, ''), json);
  });

  it.each(values)('is written as such where it is the one field that is shown: %s', (_typeName, field, json) => {
    const desc = typeNamed('kinds.v1.WellKnown');
    const responseBody = fieldNamed(desc, field);
    const bytes = toBinary(desc, fromJson(desc, { [field]: json, nullValue: null }, { registry }));
    expectSameJson(compileResponseWriter(desc, { ...open, responseBody }).write(bytes, ''), json);
  });
});

it('keeps no trace of one message in the next, and gives each its own bytes', () => {
  const writer = compileResponseWriter(kinds, { ...open, emitDefaults: false });
  const bytes = (id: string): Uint8Array => toBinary(kinds, fromJson(kinds, { id }));
  const first = writer.write(bytes('first'), '');
  const large = writer.write(bytes('x'.repeat(1_000_000)), '');
  const last = writer.write(bytes('last'), '');
  expect(first.toString()).toBe('{"id":"first"}');
  expect(large).toHaveLength(1_000_009);
  expect(last.toString()).toBe('{"id":"last"}');
});

it('writes a map key that comes twice once, with its last value, in a small map and in a large one', () => {
  const maps = typeNamed('kinds.v1.Maps');
  const writer = compileResponseWriter(maps, { ...open, emitDefaults: false });
  for (const size of [2, 40]) {
    const entries = Array.from({ length: size }, (_, i): [string, string] => [`k${i}`, `v${i}`]);
    const bytes = toBinary(maps, fromJson(maps, { mString: Object.fromEntries(entries) }));
    const again = toBinary(maps, fromJson(maps, { mString: { [`k${size - 1}`]: 'last' } }));
    const text = writer.write(Buffer.concat([bytes, again]), '').toString();
    expect(text.split(`"k${size - 1}"`)).toHaveLength(2);
    expect(text).toContain(`"k${size - 1}":"last"`);
  }
});
