import { describe, expect, it } from 'vitest';
import { readKinds as read, refusalOf } from '../../../test/support/request-route.js';

const refusal = (message: string, body: string) => refusalOf(() => read(message, body));

describe('values of the wrong kind', () => {
  it.each([
    ['Scalars', '{"fBool":"true"}', 'fBool', 'expected true or false, got the string "true"'],
    ['Scalars', '{"fBool":1}', 'fBool', 'expected true or false, got the number 1'],
    ['Scalars', '{"fBool":{}}', 'fBool', 'expected true or false, got an object'],
    ['Scalars', '{"fString":true}', 'fString', 'expected a string, got a boolean'],
    ['Scalars', '{"fString":12345678901234567890}', 'fString', 'expected a string, got a number'],
    ['Scalars', '{"fString":{}}', 'fString', 'expected a string, got an object'],
    ['Scalars', '{"fString":["a"]}', 'fString', 'expected a string, got an array'],
    ['Scalars', '{"fBytes":"a b="}', 'fBytes', 'expected base64 (RFC 4648), got the string "a b="'],
    ['Scalars', '{"fBytes":"a"}', 'fBytes', 'expected base64 (RFC 4648), got the string "a"'],
    ['Scalars', '{"fBytes":"ab=c"}', 'fBytes', 'expected base64 (RFC 4648), got the string "ab=c"'],
    ['Scalars', '{"fBytes":"abc=="}', 'fBytes', 'expected base64 (RFC 4648), got the string "abc=="'],
    ['Scalars', '{"fBytes":"+_A="}', 'fBytes', 'expected base64 (RFC 4648), got the string "+_A="'],
    ['Scalars', '{"fBytes":7}', 'fBytes', 'expected base64 (RFC 4648), got the number 7'],
    [
      'Scalars',
      '{"fAlias":"ALIAS_TWO"}',
      'fAlias',
      'expected one of ALIAS_UNSPECIFIED, ALIAS_ONE, ALIAS_UNO, got the string "ALIAS_TWO"',
    ],
    [
      'Scalars',
      '{"fAlias":"1"}',
      'fAlias',
      'expected one of ALIAS_UNSPECIFIED, ALIAS_ONE, ALIAS_UNO, got the string "1"',
    ],
    ['Scalars', '{"fAlias":1.5}', 'fAlias', 'expected an int32, got the number 1.5'],
    ['Scalars', '{"fAlias":2147483648}', 'fAlias', 'out of range: expected an int32, got the number 2147483648'],
    ['Legacy', '{"closed":3}', 'closed', 'expected one of CLOSED_FIRST, CLOSED_SECOND, got the number 3'],
    ['Kinds', '{"scalars":1}', 'scalars', 'expected an object (Scalars), got the number 1'],
    ['Kinds', '{"scalars":[]}', 'scalars', 'expected an object (Scalars), got an array'],
    ['Kinds', '{"children":{}}', 'children', 'expected an array, got an object'],
    ['Kinds', '{"children":[{},null]}', 'children[1]', 'expected a value, got null'],
    [
      'Kinds',
      '{"children":[{},{"inners":[{"color":"RED"}]}]}',
      'children[1].inners[0].color',
      expect.stringContaining('got the string "RED"'),
    ],
    [
      'Kinds',
      '{"childrenByName":{"a b":{"scalars":{"fInt32":"x"}}}}',
      'childrenByName["a b"].scalars.fInt32',
      'expected an int32, got the string "x"',
    ],
    ['Lists', '{"rString":["a",null]}', 'rString[1]', 'expected a value, got null'],
    ['Lists', '{"rColor":[null]}', 'rColor[0]', 'expected a value, got null'],
    ['Lists', '{"rInt64":["1"," 2"]}', 'rInt64[1]', 'expected an int64, got the string " 2"'],
    ['Lists', '{"rInt32":"1"}', 'rInt32', 'expected an array, got the string "1"'],
    ['Maps', '{"mString":[]}', 'mString', 'expected an object, got an array'],
    ['Maps', '{"mString":{"a":null}}', 'mString.a', 'expected a value, got null'],
    ['Maps', '{"mToInt32":{"a":"x"}}', 'mToInt32.a', 'expected an int32, got the string "x"'],
    ['Maps', '{"mInt32":{"0x10":"a"}}', 'mInt32["0x10"]', 'expected an int32 as the key, got "0x10"'],
    ['Maps', '{"mInt32":{" 1":"a"}}', 'mInt32[" 1"]', 'expected an int32 as the key, got " 1"'],
    ['Maps', '{"mInt32":{"2147483648":"a"}}', 'mInt32["2147483648"]', 'expected an int32 as the key, got "2147483648"'],
    ['Maps', '{"mUint64":{"-1":"a"}}', 'mUint64["-1"]', 'expected a uint64 as the key, got "-1"'],
    ['Maps', '{"mInt64":{"1":"a","01":"b"}}', 'mInt64["01"]', 'expected an int64 as the key, got "01"'],
    ['Maps', '{"mBool":{"True":"a"}}', 'mBool.True', 'expected the key true or false, got "True"'],
    ['WellKnown', '{"int32Value":"x"}', 'int32Value', 'expected an int32, got the string "x"'],
    ['WellKnown', '{"boolValue":"true"}', 'boolValue', 'expected true or false, got the string "true"'],
    ['WellKnown', '{"stringValue":{"value":"a"}}', 'stringValue', 'expected a string, got an object'],
    ['WellKnown', '{"struct":[]}', 'struct', 'expected an object, got an array'],
    ['WellKnown', '{"listValue":{}}', 'listValue', 'expected an array, got an object'],
    ['WellKnown', '{"nullValue":"NULL"}', 'nullValue', 'expected one of NULL_VALUE, got the string "NULL"'],
    [
      'WellKnown',
      '{"any":{"@type":"type.googleapis.com/none.v1.None"}}',
      'any["@type"]',
      'expected the URL of a known message type, got the string "type.googleapis.com/none.v1.None"',
    ],
    ['WellKnown', '{"any":{"a":1}}', 'any["@type"]', 'expected the URL of a known message type, got null'],
    [
      'WellKnown',
      '{"any":{"@type":"type.googleapis.com/google.protobuf.Duration"}}',
      'any',
      'expected the key "value" beside "@type"',
    ],
    [
      'WellKnown',
      '{"any":{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1"}}',
      'any.value',
      expect.stringContaining('expected a duration'),
    ],
    [
      'WellKnown',
      '{"any":{"@type":"type.googleapis.com/kinds.v1.Scalars","fInt32":"x"}}',
      'any.fInt32',
      'expected an int32, got the string "x"',
    ],
    ['Choice', '{"cInt32":1,"cString":"a"}', 'cString', 'only one of "cInt32" and "cString" may be given'],
    ['Choice', '{"c_int32":1,"cInner":{}}', 'cInner', 'only one of "cInt32" and "cInner" may be given'],
    ['Choice', '{"cString":"a","cNull":null}', 'cNull', 'only one of "cString" and "cNull" may be given'],
    [
      'Names',
      '{"snakeCaseName":"a","snake_case_name":"a"}',
      'snake_case_name',
      'given twice, as "snake_case_name" and as "snakeCaseName"',
    ],
    [
      'Names',
      '{"snake_case_name":null,"snakeCaseName":"a"}',
      'snake_case_name',
      'given twice, as "snake_case_name" and as "snakeCaseName"',
    ],
    ['Kinds', '[]', 'body', 'expected an object (Kinds), got an array'],
    ['Kinds', 'null', 'body', 'expected an object (Kinds), got null'],
    ['Kinds', '"a"', 'body', 'expected an object (Kinds), got the string "a"'],
  ])('in %s are refused with their path: %s', (message, body, field, detail) => {
    const error = refusal(message, body);
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.errors).toEqual([{ field, detail }]);
  });
});
