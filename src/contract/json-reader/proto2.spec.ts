import type { JsonValue } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { kindsMessage, readKinds, readRequest, refusalOf, routeFor } from '../../../test/support/request-route.js';

const refusal = (message: string, body: JsonValue) => refusalOf(() => readKinds(message, JSON.stringify(body)));
const packed = (more: Record<string, JsonValue>) => ({ '@type': 'type.googleapis.com/kinds.v1.Required', ...more });

describe('a required field that is missing', () => {
  it.each<[message: string, body: JsonValue, fields: string[]]>([
    ['Required', {}, ['id']],
    ['Required', { id: null }, ['id']],
    ['Required', { child: { child: {} } }, ['id', 'child.id', 'child.child.id']],
    ['Required', { id: 'a', children: [{ id: 'b' }, {}] }, ['children[1].id']],
    ['Required', { id: 'a', byName: { 'a b': {} } }, ['byName["a b"].id']],
    ['Required', { id: 'a', by_name: { __proto__x: {} } }, ['by_name.__proto__x.id']],
    ['Required', { id: 'a', detail: packed({}) }, ['detail.id']],
    ['Legacy', { '[kinds.v1.required_extension]': {} }, ['["[kinds.v1.required_extension]"].id']],
    ['WellKnown', { any: packed({ child: {} }) }, ['any.id', 'any.child.id']],
    ['WellKnownMaps', { anys: { x: packed({}) } }, ['anys.x.id']],
  ])('of %s is named by its path: %j', (message, body, fields) => {
    const error = refusal(message, body);
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.errors).toEqual(fields.map((field) => ({ field, detail: 'is required' })));
  });

  it('may be empty, and may come from the path or the query', () => {
    expect(readKinds('Required', '{"id":""}')).toEqual({ id: '' });
    const get = routeFor({ input: kindsMessage('Required'), verb: 'GET' });
    expect(readRequest(get, { query: 'id=a' })).toEqual({ id: 'a' });
    expect(refusalOf(() => readRequest(get, {})).errors).toEqual([{ field: 'id', detail: 'is required' }]);
    const byPath = routeFor({ input: kindsMessage('Required'), body: 'child', variables: ['id'] });
    expect(readRequest(byPath, { path: ['a'], body: '{"id":"b"}' })).toEqual({ id: 'a', child: { id: 'b' } });
  });
});

describe('an extension', () => {
  it.each<JsonValue>([
    { text: 'x', '[kinds.v1.nickname]': 'Al' },
    { '[kinds.v1.closed_extension]': 'CLOSED_SECOND' },
    { '[kinds.v1.closed_extensions]': ['CLOSED_FIRST', 'CLOSED_SECOND'] },
    { '[kinds.v1.number_extensions]': ['9007199254740993'] },
    { '[kinds.v1.required_extension]': { id: 'a' } },
    { child: { '[kinds.v1.nickname]': '' } },
  ])('is read as it is written: %j', (body) => {
    expect(readKinds('Legacy', JSON.stringify(body))).toEqual(body);
  });

  it('is not set by null', () => {
    expect(readKinds('Legacy', '{"[kinds.v1.nickname]":null,"[kinds.v1.closed_extension]":null}')).toEqual({});
  });

  it.each<[message: string, key: string, value: JsonValue, detail: RegExp]>([
    ['Legacy', '[kinds.v1.nickname]', 1, /expected a string/],
    ['Legacy', '[kinds.v1.closed_extension]', 99, /expected one of/],
    ['Legacy', '[kinds.v1.number_extensions]', '1', /expected an array/],
    ['Legacy', '[kinds.v1.nope]', 'x', /unknown field/],
    ['Legacy', '[kinds.v1.Legacy]', 'x', /unknown field/],
    ['Legacy', '[__proto__]', 'x', /unknown field/],
    ['Legacy', 'nickname', 'x', /unknown field/],
    ['Required', '[kinds.v1.nickname]', 'x', /unknown field/],
    ['Scalars', '[kinds.v1.nickname]', 'x', /unknown field/],
    ['Legacy', '[kinds.v1.tenant_id]', 'globex', /may not be set by a client/],
    ['Legacy', '[kinds.v1.legacy_extension]', { tenantId: 'globex' }, /may not be set by a client/],
  ])('of %s is refused: %s = %j', (message, key, value, detail) => {
    const { errors } = refusal(message, { [key]: value });
    expect(errors[0]).toEqual({ field: expect.stringContaining(key), detail: expect.stringMatching(detail) });
  });
});
