import { describe, expect, it } from 'vitest';
import { expected } from '../fixtures.js';
import { normalise, saysWhatUpstreamSent } from './content.js';

const user = expected.user as Record<string, unknown>;
const body = (change: object) => JSON.stringify({ ...user, ...change });

describe('comparing what systems answer', () => {
  it('accepts the canonical JSON of the upstream', () => {
    expect(saysWhatUpstreamSent(JSON.stringify(expected.user), 'user')).toBe(true);
    expect(saysWhatUpstreamSent(JSON.stringify(expected.list), 'list')).toBe(true);
  });

  it('accepts a timestamp as seconds and nanos, and a field that others do not redact', () => {
    const seconds = String(Math.floor(Date.parse(String(user['createTime'])) / 1000));
    const leaky = body({ createTime: { seconds, nanos: 500_000_000 }, passwordHash: '' });
    expect(saysWhatUpstreamSent(leaky, 'user')).toBe(true);
  });

  it.each([
    ['another value', { email: 'someone@else.test' }],
    ['a number for an int64', { version: 1 }],
    ['a number for an enum', { status: 1 }],
    ['another instant', { createTime: '2026-01-02T03:04:00Z' }],
    ['a field that is missing', { labels: undefined }],
    ['a field too many', { extra: 1 }],
  ])('sees %s', (_, change) => {
    expect(saysWhatUpstreamSent(body(change), 'user')).toBe(false);
  });

  it('reaches into lists', () => {
    expect(normalise([{ passwordHash: 'x', createTime: '1970-01-01T00:00:01Z' }])).toEqual([{ createTime: 1000 }]);
  });
});
