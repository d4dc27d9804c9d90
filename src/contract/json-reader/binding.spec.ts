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

  it.each<[string, string, string, Shape]>([
    ['Kinds', '{"id":"body"}', 'path', { body: '*', variables: ['id'] }],
    ['Kinds', '{"child":{"id":"body","secret":"s"}}', 'path', { body: '*', variables: ['child.id'] }],
    ['Kinds', '{"id":"body","secret":"s"}', 'path', { body: 'child', variables: ['child.id'] }],
    ['Kinds', '{"child":{"child":{"id":"body"}}}', 'path', { body: '*', variables: ['child.child.id'] }],
    ['Scalars', '{"fInt64":8}', '7', { body: '*', variables: ['f_int64'] }],
    ['Scalars', '{"f_color":2}', 'COLOR_RED', { body: '*', variables: ['f_color'] }],
    ['Optionals', '{"oString":""}', 'path', { body: '*', variables: ['o_string'] }],
    ['WellKnown', '{"stringValue":""}', 'path', { body: '*', variables: ['string_value'] }],
  ])('contradict a body of %s that has another value: %s, %s', (message, body, path, shape) => {
    expect(refusal(message, { path: [path], body: Buffer.from(body) }, shape).errors).toEqual([
      { field: shape.variables?.[0], detail: 'the body holds another value than the path' },
    ]);
  });

  it.each<[string, string, Shape, object]>([
    ['Kinds', '{"id":"path"}', { body: '*', variables: ['id'] }, { id: 'path' }],
    ['Kinds', '{"id":""}', { body: '*', variables: ['id'] }, { id: 'path' }],
    ['Kinds', '{"id":null}', { body: '*', variables: ['id'] }, { id: 'path' }],
    ['Kinds', '{"secret":"s"}', { body: 'child', variables: ['child.id'] }, { child: { id: 'path', secret: 's' } }],
    ['Scalars', '{"fString":"path"}', { body: '*', variables: ['f_string'] }, { fString: 'path' }],
    ['WellKnown', '{"stringValue":"path"}', { body: '*', variables: ['string_value'] }, { stringValue: 'path' }],
  ])('agree with a body of %s that has the same or none: %s', (message, body, shape, expected) => {
    expect(read(message, { path: ['path'], body: Buffer.from(body) }, shape)).toEqual(expected);
  });

  it('agree with a body that writes the same number or name in another way', () => {
    const shape = { body: '*', variables: ['f_int64', 'f_color'] };
    const body = Buffer.from('{"fInt64":7,"fColor":1}');
    const expected = { fInt64: '7', fColor: 'COLOR_RED' };
    expect(read('Scalars', { path: ['7', 'COLOR_RED'], body }, shape)).toEqual(expected);
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
