import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { GatewayError } from '../../domain/errors.js';
import { readBody, readQuery } from './read-input.js';

const SCHEMA = z.strictObject({
  seconds: z.coerce.number().int().min(1).max(60).default(10),
  format: z.enum(['pprof', 'cpuprofile']).optional(),
});

function refusal(query: string, schema: z.ZodObject = SCHEMA): string {
  try {
    readQuery(query, schema);
  } catch (error) {
    expect((error as GatewayError).code).toBe('INVALID_ARGUMENT');
    return (error as GatewayError).detail;
  }
  throw new Error(`${query} was taken`);
}

describe('a query of the admin listener', () => {
  it.each([
    ['', { seconds: 10 }],
    ['seconds=5', { seconds: 5 }],
    ['&seconds=60&', { seconds: 60 }],
    ['form%61t=cpuprofile', { seconds: 10, format: 'cpuprofile' }],
  ])('%j is taken', (query, values) => {
    expect(readQuery(query, SCHEMA)).toEqual(values);
  });

  it.each([
    ['second=5', 'second: unknown query parameter (known: seconds, format).'],
    ['__proto__=5', '__proto__: unknown query parameter (known: seconds, format).'],
    ['%0a<b>=1', '??b?: unknown query parameter (known: seconds, format).'],
    ['seconds=5&seconds=6', 'The query parameter seconds came twice.'],
    ['seconds=%ff', 'The query is not percent-encoded UTF-8.'],
  ])('%j is refused with its reason', (query, reason) => {
    expect(refusal(query)).toBe(reason);
  });

  it.each([
    ['seconds=0', 'seconds: must be at least 1'],
    ['seconds=61', 'seconds: must be at most 60'],
    ['seconds=', 'seconds: must be at least 1'],
    ['seconds=1.5', 'seconds: must be a whole number'],
    ['seconds=x', 'seconds: must be a number'],
    ['format=svg', 'format: must be one of pprof, cpuprofile'],
    ['format=', 'format: must be one of pprof, cpuprofile'],
  ])('%j is refused with the place of the mistake and what to write', (query, reason) => {
    expect(refusal(query)).toBe(`${reason} (known: seconds, format).`);
  });

  it('of a call that takes none is refused', () => {
    expect(refusal('a=secret', z.strictObject({}))).toBe(
      'a: unknown query parameter (there is no query parameter here).',
    );
  });

  it('is refused when it has too many parameters', () => {
    expect(refusal('a&'.repeat(33))).toContain('more than 32');
  });
});

describe('a body of the admin listener', () => {
  const body = z.strictObject({
    name: z.string().min(1).max(3),
    on: z.boolean().optional(),
    list: z.array(z.string()).max(1).optional(),
    names: z.record(z.string().regex(/^a/), z.string()).optional(),
    inner: z.strictObject({ size: z.number() }).optional(),
  });

  it.each([
    [{}, 'name: is missing'],
    [{ name: 5 }, 'name: must be a text'],
    [{ name: null }, 'name: must be a text'],
    [{ name: '' }, 'name: must have at least 1 character'],
    [{ name: 'long' }, 'name: must have at most 3 characters'],
    [{ name: 'a', on: 'true' }, 'on: must be true or false'],
    [{ name: 'a', list: {} }, 'list: must be a list'],
    [{ name: 'a', list: ['a', 'b'] }, 'list: must have at most 1 entry'],
    [{ name: 'a', names: [] }, 'names: must be an object'],
    [{ name: 'a', names: { b: 'b' } }, 'names.b: is not a name that is taken here'],
    [{ name: 'a', inner: null }, 'inner: must be an object'],
    [{ name: 'a', inner: { size: '1' } }, 'inner.size: must be a number'],
    [{ name: 'a', inner: { size: 1, more: 1 } }, 'inner.more: unknown member'],
  ])('%j is refused in plain words', async (value, reason) => {
    const request = Object.assign(Readable.from([Buffer.from(JSON.stringify(value))]), { headers: {}, complete: true });
    const taken = readBody(request as unknown as IncomingMessage, body, new AbortController().signal);
    await expect(taken).rejects.toThrow(`${reason} (known: name, on, list, names, inner).`);
  });
});
