import { create, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { kindsMessage } from '../../test/support/request-route.js';
import { compileStringReader } from './string-reader.js';

const Kinds = kindsMessage('Kinds');
const bytesOf = (message: object) => toBinary(Kinds, create(Kinds, message as never));
const read = (path: string, bytes: Uint8Array) => compileStringReader(Kinds, path)?.(bytes);

describe('the tenant that a request is about', () => {
  it('is read from the field of the policy, among others and inside another message', () => {
    expect(read('tenant_id', bytesOf({ tenantId: 'acme', singleString: 'x' }))).toBe('acme');
    expect(read('owned.tenant_id', bytesOf({ tenantId: 'globex', owned: { name: 'n', tenantId: 'acme' } }))).toBe(
      'acme',
    );
  });

  it('is empty where the request names none', () => {
    expect([read('tenant_id', bytesOf({})), read('owned.tenant_id', bytesOf({ owned: {} }))]).toEqual(['', '']);
  });

  it('is the last one, of merged messages too', () => {
    const twice = (first: object, second: object) => Buffer.concat([bytesOf(first), bytesOf(second)]);
    expect(read('tenant_id', twice({ tenantId: 'acme' }, { tenantId: 'globex' }))).toBe('globex');
    expect(read('owned.tenant_id', twice({ owned: { tenantId: 'acme' } }, { owned: { name: 'n' } }))).toBe('acme');
  });

  it('is empty for bytes that are not a message', () => {
    expect(read('tenant_id', Buffer.from('ff', 'hex'))).toBe('');
  });

  it('is not read where the policy binds none', () => {
    expect(compileStringReader(Kinds, undefined)).toBeUndefined();
  });
});
