import { fromJson, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { registry, typeNamed } from '../../test/support/kinds.js';
import { kindsMessage, readKinds, readRequest, refusalOf, routeFor } from '../../test/support/request-route.js';
import { compileResponseWriter } from './json-writer/response-writer.js';

const NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  '__defineGetter__',
  '__lookupSetter__',
];

describe.each(NAMES)('the name %s', (name) => {
  const own = (value: unknown) => Object.fromEntries([[name, value]]);
  const text = (value: unknown) => JSON.stringify(own(value));
  /** With own keys alone, so that an inherited one is not taken for it. */
  const entries = (value: unknown) => Object.entries(value as object);

  it('is not a field of a message, in the body, inside it, in an Any and in the query', () => {
    for (const [message, body, field] of [
      ['Scalars', text(1), name],
      ['Kinds', `{"child":${text(1)}}`, `child.${name}`],
      ['WellKnown', `{"any":{"@type":"x/kinds.v1.Scalars",${text(1).slice(1)}}`, `any.${name}`],
    ] as const) {
      const error = refusalOf(() => readKinds(message, body));
      expect([error.code, error.errors[0]?.field]).toEqual(['UNKNOWN_FIELD', field]);
    }
    const get = routeFor({ input: kindsMessage('Kinds'), verb: 'GET' });
    for (const query of [`${name}=1`, `child.${name}=1`, `${name}.id=1`, `${name}[a]=1`, `id=1&${name}`]) {
      expect(refusalOf(() => readRequest(get, { query })).code).toBe('UNKNOWN_FIELD');
    }
  });

  it('is not a value of an enum, nor a type', () => {
    for (const body of [`{"fColor":"${name}"}`, `{"fAlias":"${name}"}`]) {
      expect(refusalOf(() => readKinds('Scalars', body)).code).toBe('INVALID_ARGUMENT');
    }
    const get = routeFor({ input: kindsMessage('Scalars'), verb: 'GET' });
    expect(refusalOf(() => readRequest(get, { query: `fColor=${name}` })).code).toBe('INVALID_ARGUMENT');
    const any = `{"any":{"@type":"type.googleapis.com/${name}"}}`;
    expect(refusalOf(() => readKinds('WellKnown', any)).errors[0]?.field).toBe('any["@type"]');
  });

  it('is a key like any other of maps and Structs, there and back', () => {
    const maps = readKinds('Maps', `{"mString":${text('a')},"mToInner":${text({ name: 'b' })}}`) as object;
    const query = readRequest(routeFor({ input: kindsMessage('Maps'), verb: 'GET' }), { query: `mString[${name}]=a` });
    const struct = readKinds('WellKnown', `{"struct":${text({ x: [own(null)] })}}`) as { struct: object };
    expect(entries((maps as { mString: object }).mString)).toEqual([[name, 'a']]);
    expect(entries((query as unknown as { mString: object }).mString)).toEqual([[name, 'a']]);
    expect(entries(struct.struct)[0]?.[0]).toBe(name);
    const desc = typeNamed('kinds.v1.Maps');
    const bytes = toBinary(desc, fromJson(desc, { mString: own('a') as Record<string, string> }));
    const options = { registry, emitDefaults: false, redact: [], tenantFields: [], responseBody: undefined };
    const written = compileResponseWriter(desc, options).write(bytes, '').toString();
    expect(written).toBe(`{"mString":${text('a')}}`);
  });

  it('leaves the prototype of objects alone', () => {
    expect(refusalOf(() => readKinds('Scalars', text({ polluted: true }))).status).toBe(400);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});
