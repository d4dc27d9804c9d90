import { describe, expect, it } from 'vitest';
import {
  kindsMessage,
  readKinds as read,
  readRequest,
  refusalOf,
  routeFor,
} from '../../../test/support/request-route.js';

const refusal = (message: string, body: string) => refusalOf(() => read(message, body));

describe('leniency that proto3 JSON asks for', () => {
  it.each([
    [
      'Names',
      '{"snake_case_name":"a","renamed":"b","prototype_key":"c"}',
      { snakeCaseName: 'a', 'other-name': 'b', ['__proto__']: 'c' },
    ],
    ['Names', '{"__proto__":"a","constructor":"b"}', { ['__proto__']: 'a', constructor: 'b' }],
    ['Scalars', '{"fString":null,"fColor":null}', {}],
    [
      'Optionals',
      '{"oInt32":0,"oString":"","oBool":false,"oColor":0}',
      { oInt32: 0, oString: '', oBool: false, oColor: 'COLOR_UNSPECIFIED' },
    ],
    ['Lists', '{"rInt32":null,"rString":[]}', {}],
    [
      'Maps',
      '{"mString":{"__proto__":"a","":"b"},"mToInt64":{"__proto__":9007199254740993}}',
      { mString: { ['__proto__']: 'a', '': 'b' }, mToInt64: { ['__proto__']: '9007199254740993' } },
    ],
    ['Choice', '{"cString":null,"cInner":null,"cInt32":0}', { cInt32: 0 }],
    ['Choice', '{"cNull":null}', { cNull: null }],
    ['Choice', '{"cValue":null}', { cValue: null }],
    ['Scalars', '{"fColor":2}', { fColor: 'COLOR_GREEN' }],
    ['Scalars', '{"fColor":77}', { fColor: 77 }],
    ['Scalars', '{"fAlias":"ALIAS_UNO"}', { fAlias: 'ALIAS_ONE' }],
    ['Scalars', '{"fBytes":"-_"}', { fBytes: '+w==' }],
    [
      'Legacy',
      '{"grouped":{"name":"a"},"closedMap":{"k":"CLOSED_ONE"}}',
      { grouped: { name: 'a' }, closedMap: { k: 'CLOSED_ONE' } },
    ],
  ])('%s: %s', (message, body, expected) => {
    expect(read(message, body)).toEqual(expected);
  });
});

describe('an unknown field', () => {
  it('is refused with its path and the fields there are', () => {
    const error = refusal('Kinds', '{"children":[{"inner":{"nmae":"a"}}]}');
    expect(error.code).toBe('UNKNOWN_FIELD');
    expect(error.errors).toEqual([
      { field: 'children[0].inner.nmae', detail: 'unknown field; known fields are name, color' },
    ]);
  });

  it.each([
    '{"Id":"a"}',
    '{"toString":"a"}',
    '{"__proto__":{}}',
    '{"constructor":{}}',
    '{"hasOwnProperty":1}',
    '{"":1}',
    '{"[kinds.v1.nickname]":"a"}',
  ])('is any name that is not exactly a field: %s', (body) => {
    expect(refusal('Kinds', body).code).toBe('UNKNOWN_FIELD');
  });

  it('is refused inside Any, beside the value too', () => {
    const type = 'type.googleapis.com/google.protobuf.Duration';
    const error = refusal('WellKnown', `{"any":{"@type":"${type}","value":"1s","extra":1}}`);
    expect([error.code, error.errors[0]?.field]).toEqual(['UNKNOWN_FIELD', 'any.extra']);
  });
});

it('names all wrong places of a request, twenty at most', () => {
  const few = refusal('Scalars', '{"fInt32":"a","nope":1,"fBool":0}');
  expect(few.errors.map((each) => each.field)).toEqual(['fInt32', 'nope', 'fBool']);
  expect(few.code).toBe('INVALID_ARGUMENT');
  expect(few.detail).toContain('(and 2 more)');
  expect(refusal('Lists', `{"rInt32":[${'"x",'.repeat(500)}"x"]}`).errors).toHaveLength(20);
});

it('refuses a message of proto2 without its required field', () => {
  expect(refusal('Required', '{"child":{"id":"a"}}').code).toBe('INVALID_ARGUMENT');
  const get = routeFor({ input: kindsMessage('Required'), verb: 'GET' });
  expect(refusalOf(() => readRequest(get, {})).code).toBe('INVALID_ARGUMENT');
  expect(readRequest(get, { query: 'id=a' })).toEqual({ id: 'a' });
});
