import { describe, expect, it } from 'vitest';
import { parseRecord, parseToken, parseVersion } from './revocation-record.js';

const NOW = 1_800_000_000;
const DAYS_30 = 30 * 86_400;

describe('a record of the feed', () => {
  it('names a token and its end', () => {
    const record = parseRecord(['exp', String(NOW + 60), 'jti', 'a'], NOW);
    expect(record).toEqual({ kind: 'token', tokenId: 'a', expiresAt: NOW + 60 });
  });

  it('names an owner and a least version', () => {
    const record = parseRecord(['owner', 'tenant', 'id', 'acme', 'min_version', '7'], NOW);
    expect(record).toEqual({ kind: 'version', owner: 'tenant', id: 'acme', version: 7 });
  });

  it.each([
    ['milliseconds in place of seconds', String((NOW + 60) * 1000)],
    ['no end', 'inf'],
  ])('with %s revokes for thirty days, not for ever', (_what, exp) => {
    expect(parseRecord(['jti', 'a', 'exp', exp], NOW)).toMatchObject({ expiresAt: NOW + DAYS_30 });
  });

  it.each([
    ['nothing', []],
    ['a name without a value', ['jti']],
    ['no end', ['jti', 'a']],
    ['an end that is no number', ['jti', 'a', 'exp', 'soon']],
    ['an empty token', ['jti', '', 'exp', '1']],
    ['a token of a kilobyte', ['jti', 'a'.repeat(1024), 'exp', '1']],
    ['an unknown owner', ['owner', 'planet', 'id', 'a', 'min_version', '1']],
    ['a negative version', ['owner', 'subject', 'id', 'a', 'min_version', '-1']],
    ['a version of no number', ['owner', 'subject', 'id', 'a', 'min_version', 'x']],
    ['a version of nothing', ['owner', 'subject', 'id', 'a', 'min_version', '']],
  ])('with %s is not understood', (_what, fields) => {
    expect(parseRecord(fields, NOW)).toBeUndefined();
  });
});

it('a member of the sorted set is a token with its score', () => {
  expect(parseToken('a', '1800000060', NOW)).toMatchObject({ tokenId: 'a', expiresAt: NOW + 60 });
  expect(parseToken('a', '', NOW)).toBeUndefined();
});

it('a field of the hash names its owner, whose id may hold colons', () => {
  expect(parseVersion('subject:urn:acme:bot', '3')).toEqual({
    kind: 'version',
    owner: 'subject',
    id: 'urn:acme:bot',
    version: 3,
  });
  expect(parseVersion('acme', '3')).toBeUndefined();
});
