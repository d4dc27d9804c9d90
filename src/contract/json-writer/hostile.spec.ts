import { fromJson, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { registry, typeNamed } from '../../../test/support/kinds.js';
import { wireMessages } from '../../../test/support/random-wire.js';
import { GatewayError } from '../../domain/errors.js';
import { compileResponseWriter } from './response-writer.js';

const kinds = typeNamed('kinds.v1.Kinds');
const options = {
  registry,
  emitDefaults: true,
  redact: ['secret', 'owned.secret'],
  tenantFields: [],
  responseBody: undefined,
};
const writer = compileResponseWriter(kinds, options);

/** The JSON, or the code of the GatewayError; anything else fails the test. */
function outcome(bytes: Uint8Array, tenantId = ''): string {
  try {
    const json = writer.write(bytes, tenantId).toString();
    JSON.parse(json);
    return json;
  } catch (error) {
    if (error instanceof GatewayError) return error.code;
    throw error;
  }
}

const nested = (levels: number): Uint8Array => {
  let bytes: Uint8Array = new Uint8Array(0);
  for (let i = 1; i < levels; i++) bytes = new BinaryWriter().tag(10, 2).bytes(bytes).finish();
  return bytes;
};

describe('bytes that are no message', () => {
  it('are JSON or UPSTREAM_ERROR, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(outcome(bytes)).toMatch(/^(\{|UPSTREAM_ERROR$)/);
      }),
      { numRuns: 2000 },
    );
  });

  it('are JSON or UPSTREAM_ERROR when they are a message with some bytes changed', () => {
    const wire = { registry, disorder: false, redacted: [], tenants: [], tenantIds: [] };
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(wireMessages(kinds, wire), changes, ({ full }, changed) => {
        const bytes = Uint8Array.from(full);
        for (const [at, byte] of changed) bytes[at % bytes.length] = byte;
        expect(outcome(bytes)).toMatch(/^(\{|UPSTREAM_ERROR$)/);
      }),
      { numRuns: 200, endOnFailure: true },
    );
  });

  it('are JSON or UPSTREAM_ERROR when they are any beginning of a message', () => {
    const json = {
      id: 'one',
      scalars: { fInt64: '-5', fDouble: 1.5, fBytes: 'AAEC', fString: 'é' },
      lists: { rInt32: [1, 2, 3], rFixed64: ['1', '2'] },
      maps: { mString: { a: 'b' }, mInt64: { '-7': 'c' } },
      wellKnown: {
        timestamp: '2024-01-01T00:00:00.5Z',
        struct: { a: [1, 'x'] },
        int64Value: '7',
        any: { '@type': 'x/kinds.v1.Names' },
      },
    };
    const bytes = toBinary(kinds, fromJson(kinds, json, { registry }));
    for (let length = 0; length < bytes.length; length++) {
      expect(outcome(bytes.subarray(0, length))).toMatch(/^(\{|UPSTREAM_ERROR$)/);
    }
    expect(outcome(bytes.subarray(0, bytes.length - 1))).toBe('UPSTREAM_ERROR');
  });

  it('are refused when a length reaches beyond its message, even if more bytes follow', () => {
    const inner = [0x0a, 0x05, 0x41];
    expect(outcome(Uint8Array.of(0x92, 0x01, inner.length, ...inner, 0x0a, 0x02, 0x42, 0x42))).toBe('UPSTREAM_ERROR');
  });

  it('never show a redacted field as the value of one before it with a wrong wire type', () => {
    const bytes = new BinaryWriter().tag(1, 0).uint32(8).tag(3, 2).string('hunter2').finish();
    expect(outcome(bytes)).toBe('UPSTREAM_ERROR');
  });

  it('are refused when text is not UTF-8', () => {
    for (const text of [
      [0x80],
      [0xc0, 0x80],
      [0xed, 0xa0, 0x80],
      [0xf5, 0x80, 0x80, 0x80],
      [0xf0, 0x80, 0x80, 0x80],
      [0xe2, 0x82],
    ]) {
      expect(outcome(Uint8Array.of(0x0a, text.length, ...text))).toBe('UPSTREAM_ERROR');
    }
  });
});

describe('a message without measure', () => {
  it('is written to a depth of 100 messages and refused beyond', () => {
    expect(outcome(nested(100))).toMatch(/^\{/);
    expect(outcome(nested(101))).toBe('UPSTREAM_ERROR');
    expect(outcome(nested(2_000))).toBe('UPSTREAM_ERROR');
  });

  it('is refused when a few bytes would become more JSON than one answer may be', () => {
    const inner = Buffer.alloc(3 * 1_800_000).fill(Uint8Array.of(0x8a, 0x01, 0x00));
    expect(outcome(new BinaryWriter().tag(6, 2).bytes(inner).finish()).slice(0, 20)).toBe('UPSTREAM_ERROR');
  });
});
