import { describe, expect, it } from 'vitest';
import { readKinds as read, refusalOf } from '../../../test/support/request-route.js';

const refusal = (message: string, body: string) => refusalOf(() => read(message, body));

describe('well-known types in a form that they do not have', () => {
  it.each([
    [
      'timestamp',
      [
        '"2023-02-29T00:00:00Z"',
        '"2023-02-30T00:00:00Z"',
        '"2023-13-01T00:00:00Z"',
        '"2023-01-01T24:00:00Z"',
        '"2023-01-01T00:00:60Z"',
        '"2023-01-01t00:00:00Z"',
        '"2023-01-01T00:00:00z"',
        '"2023-01-01 00:00:00Z"',
        '"2023-01-01T00:00:00"',
        '"2023-01-01"',
        '"2023-01-01T00:00:00.1234567890Z"',
        '"0000-01-01T00:00:00Z"',
        '"0001-01-01T00:00:00+01:00"',
        '"9999-12-31T23:59:59-01:00"',
        '"10000-01-01T00:00:00Z"',
        '"2023-01-01T00:00:00+24:00"',
        '"2023-01-01T00:00:00Z "',
        '""',
        '1672531200',
        '{"seconds":1}',
      ],
    ],
    [
      'duration',
      [
        '"1"',
        '"1 s"',
        '"1.s"',
        '".5s"',
        '"1.1234567890s"',
        '"1sx"',
        '"+1s"',
        '"1m"',
        '"315576000001s"',
        '"-315576000001s"',
        '"315576000001.000000000s"',
        '"-315576000000.9999999999s"',
        '""',
        '1',
        '{"seconds":1}',
      ],
    ],
    [
      'fieldMask',
      [`"${'a,'.repeat(1000)}a"`, '"a,,b"', '","', '"a b"', '"snake_case"', '"a."', '["a"]', '1', '{"paths":["a"]}'],
    ],
  ])('in a %s are refused', (field, values) => {
    const fields = values.map((value) => refusal('WellKnown', `{"${field}":${value}}`).errors[0]?.field);
    expect(fields).toEqual(values.map(() => field));
  });
});

describe('well-known types', () => {
  it.each([
    ['{"timestamp":"2024-02-29T23:59:59.123456789Z"}', { timestamp: '2024-02-29T23:59:59.123456789Z' }],
    ['{"timestamp":"2024-03-01T01:30:00+02:00"}', { timestamp: '2024-02-29T23:30:00Z' }],
    ['{"timestamp":"0001-01-01T00:00:00Z"}', { timestamp: '0001-01-01T00:00:00Z' }],
    ['{"timestamp":"9999-12-31T23:59:59.999999999Z"}', { timestamp: '9999-12-31T23:59:59.999999999Z' }],
    ['{"duration":"-0.5s"}', { duration: '-0.500s' }],
    ['{"duration":"315576000000s"}', { duration: '315576000000s' }],
    ['{"duration":"315576000000.999999999s"}', { duration: '315576000000.999999999s' }],
    ['{"duration":"-315576000000.999999999s"}', { duration: '-315576000000.999999999s' }],
    ['{"fieldMask":"displayName,labels.team"}', { fieldMask: 'displayName,labels.team' }],
    ['{"empty":{}}', { empty: {} }],
    ['{"any":{}}', { any: {} }],
    [
      '{"any":{"@type":"type.googleapis.com/google.protobuf.Int64Value","value":9007199254740993}}',
      { any: { '@type': 'type.googleapis.com/google.protobuf.Int64Value', value: '9007199254740993' } },
    ],
    ['{"struct":{"a":[1,{"b":null}],"__proto__":true}}', { struct: { a: [1, { b: null }], ['__proto__']: true } }],
    ['{"value":null}', { value: null }],
    ['{"value":9007199254740993}', { value: 9007199254740992 }],
    ['{"listValue":[18446744073709551616,"a",[]]}', { listValue: [18446744073709552000, 'a', []] }],
    ['{"int64Value":"0"}', { int64Value: '0' }],
    ['{"uint64Value":18446744073709551615}', { uint64Value: '18446744073709551615' }],
    ['{"stringValue":""}', { stringValue: '' }],
    ['{"bytesValue":"-_8"}', { bytesValue: '+/8=' }],
  ])('are read in their JSON form: %s', (body, expected) => {
    expect(read('WellKnown', body)).toEqual(expected);
  });
});
