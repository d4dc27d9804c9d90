import { describe, expect, it } from 'vitest';
import type { GatewayError } from '../../domain/errors.js';
import type { RequestInput } from '../codec.js';
import { kindsMessage, readRequest, refusalOf, routeFor } from '../../../test/support/request-route.js';
import type { RouteShape } from '../../../test/support/request-route.js';

type Shape = Omit<RouteShape, 'input'>;

function read(message: string, request: Partial<RequestInput>, shape: Shape = { verb: 'GET' }): unknown {
  return readRequest(routeFor({ input: kindsMessage(message), ...shape }), request);
}

function refusal(message: string, request: Partial<RequestInput>, shape?: Shape): GatewayError {
  return refusalOf(() => read(message, request, shape));
}

describe('query parameters', () => {
  it.each([
    [
      'Scalars',
      'fString=a&f_int32=-7&fBool=true&fColor=COLOR_RED',
      { fString: 'a', fInt32: -7, fBool: true, fColor: 'COLOR_RED' },
    ],
    [
      'Scalars',
      'fInt64=-9223372036854775808&fUint64=18446744073709551615',
      { fInt64: '-9223372036854775808', fUint64: '18446744073709551615' },
    ],
    [
      'Scalars',
      'fDouble=1.5e3&fFloat=NaN&fBytes=AP8%3D&fColor=-1',
      { fDouble: 1500, fFloat: 'NaN', fBytes: 'AP8=', fColor: 'COLOR_NEGATIVE' },
    ],
    ['Scalars', 'fBool=false&fInt32=0', {}],
    ['Optionals', 'oBool=false&oInt32=0&oString=', { oBool: false, oInt32: 0, oString: '' }],
    ['Optionals', 'oInt32=7&oString=a', { oInt32: 7, oString: 'a' }],
    [
      'Lists',
      'rString=a&r_string=b&rString=&rColor=COLOR_RED&rColor=2&rInt64=1',
      { rString: ['a', 'b', ''], rColor: ['COLOR_RED', 'COLOR_GREEN'], rInt64: ['1'] },
    ],
    [
      'Kinds',
      'scalars.fInt32=1&scalars.f_string=x&child.child.id=deep&inner.color=COLOR_GREEN',
      { scalars: { fInt32: 1, fString: 'x' }, child: { child: { id: 'deep' } }, inner: { color: 'COLOR_GREEN' } },
    ],
    ['Kinds', 'lists.rString=a&lists.rString=b', { lists: { rString: ['a', 'b'] } }],
    [
      'WellKnown',
      'timestamp=2024-02-29T00:00:00Z&duration=1.5s&fieldMask=displayName,labels',
      { timestamp: '2024-02-29T00:00:00Z', duration: '1.500s', fieldMask: 'displayName,labels' },
    ],
    [
      'WellKnown',
      'int64Value=0&boolValue=false&stringValue=&bytesValue=AA==',
      { int64Value: '0', boolValue: false, stringValue: '', bytesValue: 'AA==' },
    ],
    ['Choice', 'cString=a&x=b', { cString: 'a', x: 'b' }],
    ['Names', '__proto__=a&constructor=b&other-name=c', { ['__proto__']: 'a', constructor: 'b', 'other-name': 'c' }],
    ['Kinds', 'names.__proto__=a', { names: { ['__proto__']: 'a' } }],
    ['Scalars', 'fString=a=b=c', { fString: 'a=b=c' }],
    ['Scalars', '&&fString=a&', { fString: 'a' }],
    ['Scalars', 'fString', {}],
    ['Scalars', 'fString=a+b%2Bc%26d%3De%20f', { fString: 'a b+c&d=e f' }],
    ['Scalars', 'f%53tring=%F0%9F%98%80%00', { fString: '😀\0' }],
    ['Scalars', '', {}],
  ])('of %s bind to fields: %s', (message, query, expected) => {
    expect(read(message, { query })).toEqual(expected);
  });

  it.each([
    ['Scalars', 'fBool=1', 'fBool', 'expected true or false, got the string "1"'],
    ['Scalars', 'fBool=TRUE', 'fBool', 'expected true or false, got the string "TRUE"'],
    ['Scalars', 'fBool', 'fBool', 'expected true or false, got the string ""'],
    ['Scalars', 'fInt32=', 'fInt32', 'expected an int32, got the string ""'],
    ['Scalars', 'fInt32=0x10', 'fInt32', 'expected an int32, got the string "0x10"'],
    ['Scalars', 'fInt32=+1', 'fInt32', 'expected an int32, got the string " 1"'],
    ['Scalars', 'fInt32=4294967296', 'fInt32', 'out of range: expected an int32, got the string "4294967296"'],
    ['Scalars', 'f_uint64=-1', 'f_uint64', 'out of range: expected a uint64, got the string "-1"'],
    [
      'Scalars',
      'fAlias=one',
      'fAlias',
      'expected one of ALIAS_UNSPECIFIED, ALIAS_ONE, ALIAS_UNO, got the string "one"',
    ],
    ['Scalars', 'fInt32=1&fInt32=1', 'fInt32', 'given twice'],
    ['Scalars', 'fString=a&f_string=b', 'f_string', 'given twice'],
    ['Kinds', 'scalars.fString=a&scalars.f_string=b', 'scalars.f_string', 'given twice'],
    ['Kinds', 'scalars=1', 'scalars', 'a message is not a query parameter'],
    ['Kinds', 'children=1', 'children', 'a message is not a query parameter'],
    ['Maps', 'mString=a', 'mString', 'a map is set by its keys: mString[key]=value'],
    ['Kinds', 'childrenByName[a]=1', 'childrenByName[a]', 'a message is not a query parameter'],
    ['WellKnown', 'struct=%7B%7D', 'struct', 'a message is not a query parameter'],
    ['WellKnown', 'any=a', 'any', 'a message is not a query parameter'],
    ['WellKnownLists', 'timestamps=2024-02-29T00:00:00Z', 'timestamps', 'a message is not a query parameter'],
    ['WellKnown', 'timestamp=yesterday', 'timestamp', expect.stringContaining('expected an RFC 3339 time')],
    ['Choice', 'cInt32=1&cString=a', 'cString', 'only one of "cInt32" and "cString" may be given'],
    ['Kinds', 'choice.cInt32=1&choice.cString=a', 'choice.cString', 'only one of "cInt32" and "cString" may be given'],
  ])('of %s are refused: %s', (message, query, field, detail) => {
    const error = refusal(message, { query });
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.errors).toEqual([{ field, detail }]);
  });

  it.each([
    'nope=1',
    'Id=1',
    'id.x=1',
    'child.=1',
    '.id=1',
    'child..id=1',
    'children.id=1',
    'childrenByName.a.id=1',
    '=1',
    'id[]=1',
    'toString=1',
    `${'child.'.repeat(32)}id=1`,
  ])('are refused when there is no such field: %s', (query) => {
    expect(refusal('Kinds', { query }).code).toBe('UNKNOWN_FIELD');
  });

  it('that are unknown are answered with those that are allowed', () => {
    const shape = { verb: 'GET', variables: ['id'], policy: { tenantField: 'tenant_id', protectedFields: ['secret'] } };
    const error = refusal('Owned', { query: 'nope=1', path: ['a'] }, { ...shape, variables: ['name'] });
    expect(error.errors).toEqual([
      {
        field: 'nope',
        detail:
          'unknown parameter; allowed are secrets, secretsByName[key], secretKey, publicKey, secretInner.name, secretInner.color',
      },
    ]);
  });

  it.each([
    'fString=%',
    'fString=%4',
    'fString=%GG',
    'fString=%C0%AF',
    'fString=%ED%A0%80',
    'fString=%FF',
    '%E2%82=1',
    'fString=\u00e9',
    'fString=a b',
    'fString=a\u0000',
  ])('are refused when their encoding is broken: %j', (query) => {
    const error = refusal('Scalars', { query });
    expect([error.code, error.errors[0]?.field]).toEqual(['INVALID_ARGUMENT', 'query']);
  });

  it('may be a hundred and no more', () => {
    const query = (count: number) => Array(count).fill('rString=a').join('&');
    expect(read('Lists', { query: query(100) })).toEqual({ rString: Array(100).fill('a') });
    expect(refusal('Lists', { query: query(101) }).detail).toContain('more than 100 parameters');
  });
});
