import { fromBinary, fromJson, toBinary, toJson } from '@bufbuild/protobuf';
import type { JsonValue } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { registry, typeNamed } from '../../../test/support/kinds.js';
import { wireMessages } from '../../../test/support/random-wire.js';
import type { WireOptions } from '../../../test/support/random-wire.js';
import { GatewayError } from '../../domain/errors.js';
import { compileResponseWriter } from './response-writer.js';

const kinds = typeNamed('kinds.v1.Kinds');
const tenants = ['kinds.v1.Kinds.tenant_id', 'kinds.v1.Owned.tenant_id'];
const options = {
  registry,
  emitDefaults: true,
  redact: [],
  tenantFields: ['tenant_id', 'owned.tenant_id'],
  responseBody: undefined,
};
const writer = compileResponseWriter(kinds, options);
const runs = { numRuns: 150, endOnFailure: true };

function isReadable(bytes: Uint8Array): boolean {
  try {
    toJson(kinds, fromBinary(kinds, bytes), { registry });
    return true;
  } catch {
    return false;
  }
}

function codeOf(bytes: Uint8Array, tenantId = 'acme'): string {
  try {
    writer.write(bytes, tenantId);
    return 'written';
  } catch (error) {
    return error instanceof GatewayError ? error.code : String(error);
  }
}

const bytesOf = (json: JsonValue): Uint8Array => toBinary(kinds, fromJson(kinds, json, { registry }));

describe.each([false, true])('the tenant check of a message out of plain wire order: %s', (disorder) => {
  const wire = (...tenantIds: string[]): WireOptions => ({ registry, disorder, redacted: [], tenants, tenantIds });

  it('lets every message of the tenant pass', () => {
    fc.assert(
      fc.property(wireMessages(kinds, wire('acme')), ({ full }) => {
        fc.pre(isReadable(full));
        expect(codeOf(full)).toBe('written');
      }),
      runs,
    );
  });

  it('blocks every message with anything of another tenant in it', () => {
    fc.assert(
      fc.property(wireMessages(kinds, wire('acme', 'evil')), ({ full }) => {
        fc.pre(isReadable(full));
        const isForeign = writerWithout.write(full, '').includes('"tenantId":"evil"');
        expect(codeOf(full)).toBe(isForeign ? 'TENANT_LEAK_BLOCKED' : 'written');
      }),
      runs,
    );
  });
});

const writerWithout = compileResponseWriter(kinds, { ...options, tenantFields: [] });

describe('the tenant check', () => {
  const acme = { tenantId: 'acme' };

  it.each<[string, JsonValue]>([
    ['a missing tenant', {}],
    ['an empty one', { tenantId: '' }],
    ['one that begins like the tenant', { tenantId: 'acme2' }],
    ['one that the tenant begins like', { tenantId: 'acm' }],
    ['one in a list', { ...acme, ownedList: [acme, { tenantId: 'evil' }] }],
    ['one in a map', { ...acme, ownedMap: { a: { tenantId: 'evil' } } }],
    ['a missing one far down', { ...acme, children: [{ ...acme, owned: {} }] }],
    ['one in an Any', { ...acme, owned: { ...acme, detail: { '@type': 'x/kinds.v1.Owned', tenantId: 'evil' } } }],
    ['one beside a field for the slow path', { ...acme, wellKnown: { fieldMask: 'a' }, owned: { tenantId: 'evil' } }],
  ])('blocks %s', (_, json) => {
    expect(codeOf(bytesOf(json))).toBe('TENANT_LEAK_BLOCKED');
  });

  it('lets a message pass that is not there', () => {
    expect(codeOf(bytesOf(acme))).toBe('written');
  });

  it('checks nothing for a caller without a tenant', () => {
    expect(codeOf(bytesOf({ tenantId: 'evil' }), '')).toBe('written');
  });

  it('compares tenants of any length and with any characters', () => {
    for (const tenantId of ['a', 'ab', 'abc', 'abcd', 'abcde', 'zürich "1"', 'x'.repeat(300)]) {
      expect(codeOf(bytesOf({ tenantId }), tenantId)).toBe('written');
      expect(codeOf(bytesOf({ tenantId: `${tenantId.slice(0, -1)}!` }), tenantId)).toBe('TENANT_LEAK_BLOCKED');
    }
  });

  it('sees a field that is redacted as well, and does not show it', () => {
    const redacting = compileResponseWriter(kinds, { ...options, emitDefaults: false, redact: ['tenant_id'] });
    expect(redacting.write(bytesOf({ id: '1', tenantId: 'acme' }), 'acme').toString()).toBe('{"id":"1"}');
    expect(() => redacting.write(bytesOf({ id: '1', tenantId: 'evil' }), 'acme')).toThrow(GatewayError);
  });

  it('does not look into what is redacted', () => {
    const redacting = compileResponseWriter(kinds, { ...options, redact: ['owned'] });
    for (const wellKnown of [{}, { fieldMask: 'a' }]) {
      const bytes = bytesOf({ ...acme, wellKnown, owned: { tenantId: 'evil' } });
      expect(redacting.write(bytes, 'acme').toString()).not.toContain('evil');
    }
  });

  it('refuses to boot for a field that is no string', () => {
    const compile = (): unknown => compileResponseWriter(kinds, { ...options, tenantFields: ['owned'] });
    expect(compile).toThrow(/response_tenant_fields: "owned" .* is no string/);
  });
});
