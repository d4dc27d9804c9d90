import { deepStrictEqual } from 'node:assert/strict';
import { fromBinary, toJson } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { registry, typeNamed } from '../../../test/support/kinds.js';
import { wireMessages } from '../../../test/support/random-wire.js';
import type { WireOptions } from '../../../test/support/random-wire.js';
import { compileResponseWriter } from './response-writer.js';

const kinds = typeNamed('kinds.v1.Kinds');
const FIELDS = ['secret', 'secrets', 'secrets_by_name', 'secret_inner', 'secret_key'];
const redact = ['secret', ...FIELDS.map((name) => `owned_list.${name}`)];
const redacted = ['kinds.v1.Kinds.secret', ...FIELDS.map((name) => `kinds.v1.Owned.${name}`)];
const SECRET_KEY = /"(secret|secrets|secretsByName|secretInner|secretKey)":/;

const options = { registry, redact, tenantFields: [], responseBody: undefined };
const runs = { numRuns: 150, endOnFailure: true };

function read(bytes: Uint8Array): unknown {
  try {
    return toJson(kinds, fromBinary(kinds, bytes), { registry });
  } catch {
    return undefined;
  }
}

describe.each([false, true])('redaction in a message out of plain wire order: %s', (disorder) => {
  const wire: WireOptions = { registry, disorder, redacted, tenants: [], tenantIds: [] };

  it('writes every message as if the redacted fields had never been sent', () => {
    const writer = compileResponseWriter(kinds, { ...options, emitDefaults: false });
    fc.assert(
      fc.property(wireMessages(kinds, wire), ({ full, clean }) => {
        const expected = read(clean);
        fc.pre(expected !== undefined && read(full) !== undefined);
        deepStrictEqual(JSON.parse(writer.write(full, '').toString()), expected);
      }),
      runs,
    );
  });

  it('does not write a default in their place either, wherever their message appears, in an Any too', () => {
    const writer = compileResponseWriter(kinds, { ...options, emitDefaults: true });
    fc.assert(
      fc.property(wireMessages(kinds, wire), ({ full }) => {
        fc.pre(read(full) !== undefined);
        expect(writer.write(full, '').toString()).not.toMatch(SECRET_KEY);
      }),
      runs,
    );
  });
});

describe('a path that leads nowhere', () => {
  const compile = (path: string): unknown =>
    compileResponseWriter(kinds, { ...options, emitDefaults: true, redact: [path] });

  it.each(['secrets', 'owned.nothing', 'secret.further', 'well_known.string_value.value', 'ownedList.secret', ''])(
    'refuses to boot: "%s"',
    (path) => {
      expect(() => compile(path)).toThrow(/redact: ".*" does not lead to a field of kinds\.v1\.Kinds/);
    },
  );
});
