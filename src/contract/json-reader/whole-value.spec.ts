import type { JsonValue } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { kindsMessage, kindsRegistry, readRequest, refusalOf, routeFor } from '../../../test/support/request-route.js';

const wellKnown = (name: string) => {
  const desc = kindsRegistry.getMessage(`google.protobuf.${name}`);
  if (desc === undefined) throw new Error(`no message google.protobuf.${name}`);
  return desc;
};

/** A JSON value of each well-known type, its field in WellKnown, and a value that is not of that type. */
const VALUES: [type: string, field: string, json: JsonValue, wrong: string][] = [
  ['StringValue', 'string_value', 'a', '1'],
  ['StringValue', 'string_value', '', '{"value":"a"}'],
  ['BoolValue', 'bool_value', true, '"true"'],
  ['Int32Value', 'int32_value', -7, '1.5'],
  ['UInt32Value', 'uint32_value', 7, '-1'],
  ['Int64Value', 'int64_value', '9007199254740993', '"x"'],
  ['UInt64Value', 'uint64_value', '18446744073709551615', '18446744073709551616'],
  ['DoubleValue', 'double_value', 1.5, '"a"'],
  ['FloatValue', 'float_value', 'NaN', '1e39'],
  ['BytesValue', 'bytes_value', '+/8=', '"*"'],
  ['Timestamp', 'timestamp', '2024-02-29T23:59:59.123456789Z', '"yesterday"'],
  ['Duration', 'duration', '-1.500s', '1'],
  ['FieldMask', 'field_mask', 'displayName,a.b', '"snake_case"'],
  ['Struct', 'struct', { a: [1, { b: null }], ['__proto__']: 'x' }, '[]'],
  ['Value', 'value', 'text', '{"a":}'],
  ['Value', 'value', null, '{"a":}'],
  ['Value', 'value', 3, '{"a":}'],
  ['Value', 'value', [true, {}], '{"a":}'],
  ['ListValue', 'list_value', [1, 'a', null, []], '{}'],
  ['Any', 'any', { '@type': 'type.googleapis.com/google.protobuf.Duration', value: '1s' }, '{"@type":"nope"}'],
  [
    'Any',
    'any',
    { '@type': 'type.googleapis.com/kinds.v1.Kinds.Inner', name: 'a' },
    '{"@type":"type.googleapis.com/kinds.v1.Kinds.Inner","nope":1}',
  ],
  ['Empty', 'empty', {}, '{"a":1}'],
];

describe.each(VALUES)('a google.protobuf.%s', (type, field, json, wrong) => {
  const body = JSON.stringify(json);

  it(`is read as the whole body: ${body}`, () => {
    const route = routeFor({ input: wellKnown(type), body: '*' });
    expect(readRequest(route, { body })).toEqual(json);
    expect(refusalOf(() => readRequest(route, { body: wrong })).status).toBe(400);
    expect(refusalOf(() => readRequest(route, { body, query: 'a=b' })).detail).toContain('takes no query parameters');
  });

  it(`is read as a body that is one field: ${body}`, () => {
    const route = routeFor({ input: kindsMessage('WellKnown'), body: field });
    const shown = readRequest(route, { body, query: 'nullValue=NULL_VALUE' }) as Record<string, JsonValue>;
    expect(Object.values(shown)).toEqual([json]);
    expect(refusalOf(() => readRequest(route, { body: wrong })).status).toBe(400);
  });
});

describe('a request without a body whose message is a well-known type', () => {
  it.each(['StringValue', 'Int64Value', 'BytesValue'])('takes the value of a %s from the path or the query', (type) => {
    const route = routeFor({ input: wellKnown(type), verb: 'GET', variables: ['value'] });
    expect(readRequest(route, { path: ['1234'] })).toBe('1234');
    expect(readRequest(routeFor({ input: wellKnown(type), verb: 'GET' }), { query: 'value=1234' })).toBe('1234');
    expect(readRequest(routeFor({ input: wellKnown(type), body: 'value' }), { body: '"1234"' })).toBe('1234');
    expect(readRequest(routeFor({ input: wellKnown(type), body: '*', variables: ['value'] }), { path: ['1234'] })).toBe(
      '1234',
    );
  });

  it.each([
    ['StringValue', ''],
    ['Struct', {}],
    ['ListValue', []],
    ['Timestamp', '1970-01-01T00:00:00Z'],
    ['Duration', '0s'],
    ['FieldMask', ''],
    ['Any', {}],
    ['Empty', {}],
  ])('is an empty %s', (type, json) => {
    const get = routeFor({ input: wellKnown(type), verb: 'GET' });
    expect(readRequest(get, {})).toEqual(json);
    expect(readRequest(routeFor({ input: wellKnown(type), body: '*' }), {})).toEqual(json);
    expect(refusalOf(() => readRequest(get, { query: 'seconds=1' })).code).toBe('UNKNOWN_FIELD');
    expect(refusalOf(() => readRequest(get, { body: '{}' })).detail).toContain('takes no body');
  });

  it('is refused where it should be a Value, which is none without a kind', () => {
    const refused = refusalOf(() => readRequest(routeFor({ input: wellKnown('Value'), body: '*' }), {}));
    expect([refused.status, refused.detail]).toEqual([400, expect.stringContaining('expected a JSON value')]);
  });
});
