import { deepStrictEqual } from 'node:assert/strict';
import { fromBinary, toJson } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fieldNamed, registry, typeNamed } from '../../../test/support/kinds.js';
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

/** JSON without the members that are redacted. */
function withoutSecrets(json: unknown): unknown {
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) return json.map(withoutSecrets);
  const members = Object.entries(json).filter(([key]) => !SECRET_KEY.test(`"${key}":`));
  return Object.fromEntries(members.map(([key, value]) => [key, withoutSecrets(value)]));
}

function read(bytes: Uint8Array): unknown {
  try {
    return toJson(kinds, fromBinary(kinds, bytes), { registry });
  } catch {
    return undefined;
  }
}

describe.each([false, true])('redaction in a message out of plain wire order: %s', (disorder) => {
  const wire: WireOptions = { registry, disorder, redacted, tenants: [], tenantIds: [] };

  it('writes every message as it is but for the redacted fields', () => {
    const writer = compileResponseWriter(kinds, { ...options, emitDefaults: false });
    fc.assert(
      fc.property(wireMessages(kinds, wire), ({ full }) => {
        const json = read(full);
        fc.pre(json !== undefined);
        deepStrictEqual(JSON.parse(writer.write(full, '').toString()), withoutSecrets(json));
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

describe('a oneof whose last member is redacted', () => {
  const owned = typeNamed('kinds.v1.Owned');
  const publicKey = Uint8Array.of(0x42, 1, 0x70);
  const secretKey = Uint8Array.of(0x3a, 1, 0x73);
  const any = (value: Buffer) => {
    const url = 'type.googleapis.com/kinds.v1.Owned';
    const packed = Buffer.concat([
      Uint8Array.of(0x0a, url.length),
      Buffer.from(url),
      Uint8Array.of(0x12, value.length),
      value,
    ]);
    return Buffer.concat([Uint8Array.of(0x4a, packed.length), packed]);
  };

  it.each([
    ['secret_key', [publicKey, secretKey], {}],
    ['secret_key', [secretKey, publicKey], { publicKey: 'p' }],
    ['secret_key', [publicKey, secretKey, publicKey], { publicKey: 'p' }],
    ['public_key', [secretKey, publicKey], {}],
    ['public_key', [publicKey, secretKey], { secretKey: 's' }],
  ])('does not show an earlier one: %s redacted', (path, members, expected) => {
    const writer = compileResponseWriter(owned, { ...options, emitDefaults: false, redact: [path] });
    const bytes = Buffer.concat(members);
    expect(JSON.parse(writer.write(bytes, '').toString())).toEqual(expected);
    const packed = JSON.parse(writer.write(any(bytes), '').toString()) as unknown;
    expect(packed).toEqual({ detail: { '@type': 'type.googleapis.com/kinds.v1.Owned', ...expected } });
  });

  it('does not show an earlier one where one member alone is shown', () => {
    const responseBody = fieldNamed(owned, 'public_key');
    const writer = compileResponseWriter(owned, { ...options, emitDefaults: false, redact: [], responseBody });
    expect(writer.write(Buffer.concat([publicKey, secretKey]), '').toString()).toBe('null');
    expect(writer.write(Buffer.concat([secretKey, publicKey]), '').toString()).toBe('"p"');
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
