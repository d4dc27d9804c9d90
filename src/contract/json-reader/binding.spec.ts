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

describe('fields that come from elsewhere', () => {
  it('are no parameters when the path has them', () => {
    const shape = { verb: 'GET', variables: ['child.id'] };
    expect(read('Kinds', { query: 'child.secret=s', path: ['7'] }, shape)).toEqual({ child: { id: '7', secret: 's' } });
    expect(refusal('Kinds', { query: 'child.id=8', path: ['7'] }, shape).errors).toEqual([
      { field: 'child.id', detail: 'comes from the path' },
    ]);
  });

  it('are no parameters when the body has them', () => {
    const shape = { body: 'child' };
    expect(refusal('Kinds', { query: 'child.id=8' }, shape).errors).toEqual([
      { field: 'child.id', detail: 'comes from the body' },
    ]);
    expect(read('Kinds', { query: 'id=8' }, shape)).toEqual({ id: '8' });
  });

  it('leave no parameters at all when the body is the whole message', () => {
    const error = refusal('Kinds', { query: 'id=8' }, { body: '*' });
    expect([error.code, error.errors[0]?.detail]).toEqual(['UNKNOWN_FIELD', 'this route takes no query parameters']);
  });

  it('are no parameters when a policy protects them', () => {
    const policy = { protectedFields: ['secret', 'child'] };
    expect(refusal('Kinds', { query: 'secret=a&child.id=b' }, { verb: 'GET', policy }).errors).toEqual([
      { field: 'secret', detail: 'may not be set by a client' },
      { field: 'child.id', detail: 'may not be set by a client' },
    ]);
  });
});

describe('path variables', () => {
  it.each([
    [
      'Scalars',
      ['f_int32', 'f_bool', 'f_color'],
      ['7', 'true', 'COLOR_RED'],
      { fInt32: 7, fBool: true, fColor: 'COLOR_RED' },
    ],
    [
      'Kinds',
      ['child.child.id', 'scalars.f_uint64'],
      ['a/b', '18446744073709551615'],
      { child: { child: { id: 'a/b' } }, scalars: { fUint64: '18446744073709551615' } },
    ],
    [
      'WellKnown',
      ['timestamp', 'string_value'],
      ['2024-02-29T00:00:00Z', 'é😀'],
      { timestamp: '2024-02-29T00:00:00Z', stringValue: 'é😀' },
    ],
  ])('of %s bind by the same rules', (message, variables, path, expected) => {
    expect(read(message, { path }, { verb: 'GET', variables })).toEqual(expected);
  });

  it.each([
    ['f_int32', '1.5', 'expected an int32, got the string "1.5"'],
    ['f_int64', '9223372036854775808', 'out of range: expected an int64, got the string "9223372036854775808"'],
    ['f_bool', 'yes', 'expected true or false, got the string "yes"'],
    ['f_string', 'a\ud800', 'is not valid UTF-8'],
  ])('of the wrong type are refused: %s = %s', (field, text, detail) => {
    expect(refusal('Scalars', { path: [text] }, { verb: 'GET', variables: [field] }).errors).toEqual([
      { field, detail },
    ]);
  });

  it('win over the body', () => {
    const shape = { body: '*', variables: ['id', 'child.id'] };
    const body = Buffer.from('{"id":"body","child":{"id":"body","secret":"s"}}');
    expect(read('Kinds', { path: ['path', 'inner'], body }, shape)).toEqual({
      id: 'path',
      child: { id: 'inner', secret: 's' },
    });
  });

  it('exclude the other members of their oneof', () => {
    const error = refusal(
      'Choice',
      { path: ['1'], body: Buffer.from('{"cString":"a"}') },
      { body: '*', variables: ['c_int32'] },
    );
    expect(error.errors).toEqual([{ field: 'c_int32', detail: 'only one of "cString" and "cInt32" may be given' }]);
  });
});
