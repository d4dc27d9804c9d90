import { describe, expect, it } from 'vitest';
import { principalOf } from '../../../test/support/principal.js';
import { TokenVersions } from './token-versions.js';

describe('the least token version', () => {
  it('of a subject or of its tenant makes older tokens stale', () => {
    const versions = new TokenVersions(10);
    expect(versions.isStale(principalOf())).toBe(false);
    versions.raise('subject', 'bot', 3);
    versions.raise('tenant', 'globex', 5);
    const stale = (subject: string, tenantId: string, tokenVersion: number) =>
      versions.isStale(principalOf({ subject, tenantId, tokenVersion }));
    expect([stale('bot', 'acme', 2), stale('bot', 'acme', 3)]).toEqual([true, false]);
    expect([stale('carol', 'globex', 4), stale('carol', 'globex', 5)]).toEqual([true, false]);
    expect([stale('bot', 'globex', 4), stale('alice', 'acme', 0)]).toEqual([true, false]);
  });

  it('makes a token without a version stale', () => {
    const versions = new TokenVersions(10);
    versions.raise('subject', 'bot', 1);
    expect(versions.isStale(principalOf({ subject: 'bot' }))).toBe(true);
  });

  it('is none of the business of an API key, which carries no version', () => {
    const versions = new TokenVersions(10);
    versions.raise('tenant', 'acme', 1);
    expect(versions.isStale(principalOf({ authMethod: 'api_key' }))).toBe(false);
    expect(versions.isStale(principalOf({ authMethod: 'session' }))).toBe(true);
  });

  it('never falls', () => {
    const versions = new TokenVersions(10);
    versions.raise('subject', 'bot', 3);
    versions.raise('subject', 'bot', 1);
    expect([...versions.entries()]).toEqual([['subject', 'bot', 3]]);
  });

  it('of more owners than the limit is not kept, and that is said', () => {
    const versions = new TokenVersions(1);
    versions.raise('subject', 'a', 1);
    versions.raise('subject', 'a', 2);
    expect(versions.overflowing).toBe(false);
    versions.raise('subject', 'b', 1);
    expect([versions.size, versions.overflowing]).toEqual([1, true]);
  });
});
