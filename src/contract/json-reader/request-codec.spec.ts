import { create, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../domain/errors.js';
import { GetUserRequestSchema, UserService } from '../../gen/user/v1/user_pb.js';
import type { Route } from '../route.js';
import {
  CODEC_OPTIONS as options,
  kindsMessage,
  readRequest as read,
  refusalOf,
  requestInput,
  routeFor,
  routeOf,
} from '../../../test/support/request-route.js';
import { compileRequestCodec } from './request-codec.js';

type Request = Parameters<typeof requestInput>[0];

const refusal = (route: Route, request: Request) => refusalOf(() => read(route, request));
const acme = { tenantId: 'acme' };

describe('the body', () => {
  const input = kindsMessage('Kinds');

  it('is the whole message for "*", and may be left out', () => {
    const route = routeFor({ input, body: '*' });
    expect(read(route, { body: { id: 'a' } })).toEqual({ id: 'a' });
    expect(read(route, {})).toEqual({});
    expect(read(route, { body: new Uint8Array(0) })).toEqual({});
  });

  it.each([
    ['inner', { name: 'a' }, { inner: { name: 'a' } }],
    ['inners', [{ name: 'a' }, {}], { inners: [{ name: 'a' }, {}] }],
    ['owned_map', { k: { name: 'a' } }, { ownedMap: { k: { name: 'a' } } }],
    ['far_field', '7', { farField: 7 }],
    ['id', '"text"', { id: 'text' }],
    ['choice_text', '"text"', { choiceText: 'text' }],
    ['inner', 'null', {}],
    ['inner', undefined, {}],
  ])('is one field of the message: %s', (body, value, expected) => {
    expect(read(routeFor({ input, body }), { body: value })).toEqual(expected);
  });

  it('has paths of its own in errors', () => {
    expect(refusal(routeFor({ input, body: 'inner' }), { body: { name: 1 } }).errors[0]?.field).toBe('name');
    expect(refusal(routeFor({ input, body: 'inners' }), { body: [{}, { nmae: 1 }] }).errors[0]?.field).toBe('[1].nmae');
    expect(refusal(routeFor({ input, body: 'far_field' }), { body: '"x"' }).errors[0]?.field).toBe('body');
  });

  it('is refused where a route has none', () => {
    const error = refusal(routeFor({ input, verb: 'DELETE' }), { body: {} });
    expect([error.code, error.detail]).toEqual([
      'INVALID_ARGUMENT',
      'The request is not valid: this route takes no body.',
    ]);
  });

  it('may be deep or hold many keys only within the limits of the codec', () => {
    const codec = compileRequestCodec(routeFor({ input, body: '*' }), { ...options, maxDepth: 3, maxKeys: 3 });
    expect(() => codec.encode(requestInput({ body: { child: { child: {} } } }))).not.toThrow();
    expect(() => codec.encode(requestInput({ body: { child: { child: { child: {} } } } }))).toThrow(GatewayError);
    expect(() => codec.encode(requestInput({ body: { id: '', secret: '', scalars: {}, inner: {} } }))).toThrow(
      GatewayError,
    );
  });

  it('may be as deep as the limit in any kind of message', () => {
    const deep = (level: number): unknown => (level === 0 ? {} : { child: deep(level - 1) });
    const list = (level: number): unknown => (level === 0 ? [] : [list(level - 1)]);
    const codec = compileRequestCodec(routeFor({ input, body: '*' }), options);
    expect(() => codec.encode(requestInput({ body: deep(63) }))).not.toThrow();
    expect(() => codec.encode(requestInput({ body: { wellKnown: { value: list(61) } } }))).not.toThrow();
  });
});

describe('page_size', () => {
  const list = routeOf(UserService, 'ListUsers');
  const post = routeFor({ input: list.desc.input, body: '*' });

  it.each([
    [0, {}],
    [20, { pageSize: 20 }],
    [100, { pageSize: 100 }],
    [101, { pageSize: 100 }],
    [2147483647, { pageSize: 100 }],
  ])('of %i is at most 100', (size, expected) => {
    expect(read(list, { query: `pageSize=${size}` })).toEqual(expected);
    expect(read(list, { query: `page_size=${size}&pageToken=%74` })).toEqual({ ...expected, pageToken: 't' });
    expect(read(post, { body: { page_size: size } })).toEqual(expected);
  });

  it('is not negative', () => {
    const violation = { field: 'pageSize', detail: 'expected 0 or more, got the number -1' };
    expect(refusal(list, { query: 'pageSize=-1' }).errors).toEqual([violation]);
    expect(refusal(post, { body: { pageSize: -1 } }).errors).toEqual([violation]);
  });
});

describe('a request without body', () => {
  const getUser = routeOf(UserService, 'GetUser');
  const list = routeOf(UserService, 'ListUsers');

  it.each(['42', 'a/b', '', 'é😀', 'x'.repeat(43), 'é'.repeat(42), 'y'.repeat(5000), '\0'])(
    'has the bytes that Protobuf-ES writes: %j',
    (userId) => {
      const bytes = compileRequestCodec(getUser, options).encode(requestInput({ path: [userId], ...acme }));
      expect(Buffer.from(bytes)).toEqual(
        Buffer.from(toBinary(GetUserRequestSchema, create(GetUserRequestSchema, { tenantId: 'acme', userId }))),
      );
    },
  );

  it('owns its bytes: the next request does not change them', () => {
    const codec = compileRequestCodec(getUser, options);
    const first = codec.encode(requestInput({ path: ['first'], ...acme }));
    const before = Buffer.from(first);
    codec.encode(requestInput({ path: ['second-and-longer'], ...acme }));
    expect(Buffer.from(first)).toEqual(before);
  });

  it('is refused like any other', () => {
    expect(refusal(list, { query: 'pageSize=x', ...acme }).errors[0]?.field).toBe('pageSize');
    expect(refusal(list, { query: 'pageSize=1&page_size=2', ...acme }).errors[0]?.detail).toBe('given twice');
    expect(refusal(list, { query: 'nope=1', ...acme }).code).toBe('UNKNOWN_FIELD');
    expect(refusal(getUser, { path: ['a\ud800'], ...acme }).code).toBe('INVALID_ARGUMENT');
  });
});

it('refuses to compile a policy that names no field', () => {
  const route = routeFor({ input: kindsMessage('Kinds'), policy: { tenantField: 'nope' } });
  expect(() => compileRequestCodec(route, options)).toThrow('kinds.v1.Kinds has no field "nope"');
});
