import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { GatewayError } from '../../domain/errors.js';
import { readQuery } from './read-input.js';

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

  it.each(['seconds=0', 'seconds=61', 'seconds=', 'seconds=1.5', 'seconds=x', 'format=svg'])(
    '%j is refused with the place of the mistake',
    (query) => {
      expect(refusal(query)).toMatch(/^(seconds|format): .*\(known: seconds, format\)\.$/);
    },
  );

  it('of a call that takes none is refused', () => {
    expect(refusal('a=secret', z.strictObject({}))).toBe(
      'a: unknown query parameter (there is no query parameter here).',
    );
  });

  it('is refused when it has too many parameters', () => {
    expect(refusal('a&'.repeat(33))).toContain('more than 32');
  });
});
