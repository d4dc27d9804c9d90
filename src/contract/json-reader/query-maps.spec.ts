import { deepStrictEqual } from 'node:assert/strict';
import type { JsonValue } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { kindsMessage, readRequest, refusalOf, routeFor } from '../../../test/support/request-route.js';
import type { RouteShape } from '../../../test/support/request-route.js';

type Shape = Omit<RouteShape, 'input'>;

function read(message: string, query: string, shape: Shape = { verb: 'GET' }): JsonValue {
  return readRequest(routeFor({ input: kindsMessage(message), ...shape }), { query });
}

/** Like `toEqual`, and an own `__proto__` counts too. */
function expectSameJson(shown: JsonValue, expected: JsonValue): void {
  deepStrictEqual(shown, expected);
}

const refusal = (message: string, query: string, shape?: Shape) => refusalOf(() => read(message, query, shape));

describe('maps in a query', () => {
  it.each<[message: string, query: string, expected: JsonValue]>([
    ['Maps', 'mString[team]=a&mString[office]=', { mString: { team: 'a', office: '' } }],
    ['Maps', 'm_string[team]=a&mString[office]=b', { mString: { team: 'a', office: 'b' } }],
    ['Maps', 'mString%5Bteam%5D=a', { mString: { team: 'a' } }],
    [
      'Maps',
      'mString[a.b]=1&mString[a]b]=2&mString[[]=3&mString[]=4',
      { mString: { 'a.b': '1', 'a]b': '2', '[': '3', '': '4' } },
    ],
    ['Maps', 'mString[%C3%A9%20+]=x', { mString: { 'é  ': 'x' } }],
    ['Maps', 'mString[__proto__]=x&mString[constructor]=y', { mString: { ['__proto__']: 'x', constructor: 'y' } }],
    ['Maps', 'mInt64[-7]=a&mBool[true]=b', { mInt64: { '-7': 'a' }, mBool: { true: 'b' } }],
    [
      'Maps',
      'mToInt64[a]=9007199254740993&mToBool[b]=true',
      { mToInt64: { a: '9007199254740993' }, mToBool: { b: true } },
    ],
    [
      'Maps',
      'mToColor[a]=COLOR_RED&mToColor[b]=2&mToDouble[c]=1.5',
      { mToColor: { a: 'COLOR_RED', b: 'COLOR_GREEN' }, mToDouble: { c: 1.5 } },
    ],
    ['WellKnownMaps', 'timestamps[a]=2024-02-29T00:00:00Z', { timestamps: { a: '2024-02-29T00:00:00Z' } }],
    ['WellKnownMaps', 'stringValues[a]=x&int64Values[b]=7', { stringValues: { a: 'x' }, int64Values: { b: '7' } }],
    [
      'Kinds',
      'maps.mString[k]=v&owned.secrets_by_name[a]=b',
      { maps: { mString: { k: 'v' } }, owned: { secretsByName: { a: 'b' } } },
    ],
  ])('of %s are bound: %s', (message, query, expected) => {
    expectSameJson(read(message, query), expected);
  });

  it.each<[message: string, query: string, field: string, detail: RegExp]>([
    ['Maps', 'mString[a]=1&m_string[a]=2', 'm_string[a]', /given twice/],
    ['Maps', 'mString=a', 'mString', /a map is set by its keys: mString\[key\]=value/],
    ['Maps', 'mInt32[x]=a', 'mInt32[x]', /expected an int32 as the key, got "x"/],
    ['Maps', 'mInt32[01]=a', 'mInt32[01]', /expected an int32 as the key/],
    ['Maps', 'mBool[1]=a', 'mBool[1]', /expected the key true or false/],
    ['Maps', 'mToInt32[a]=x', 'mToInt32[a]', /expected an int32, got the string "x"/],
    ['Maps', 'mToInner[a]=x', 'mToInner[a]', /a message is not a query parameter/],
    ['Maps', 'mString[a=1', 'mString[a', /unknown parameter/],
    ['Maps', 'mString[a].b=1', 'mString[a].b', /unknown parameter/],
    ['Maps', 'nope[a]=1', 'nope[a]', /unknown parameter/],
    ['Maps', '[a]=1', '[a]', /unknown parameter/],
    ['Lists', 'rString[]=a', 'rString[]', /a list repeats its parameter: rString=a&rString=b/],
    ['Scalars', 'fString[a]=1', 'fString[a]', /only a map takes a key in brackets/],
    ['Scalars', '__proto__[a]=1', '__proto__[a]', /unknown parameter/],
  ])('of %s are refused: %s', (message, query, field, detail) => {
    expect(refusal(message, query).errors).toEqual([{ field, detail: expect.stringMatching(detail) }]);
  });

  it('keep the rules of their field: the body, the path and the policy come first', () => {
    const shape = { policy: { protectedFields: ['owned.secrets_by_name'] } };
    expect(refusal('Kinds', 'owned.secretsByName[a]=b', shape).errors[0]?.detail).toContain('may not be set');
    const maps = { body: 'm_string', verb: 'POST' };
    expect(refusal('Maps', 'mString[a]=b', maps).errors[0]?.detail).toBe('comes from the body');
  });
});
