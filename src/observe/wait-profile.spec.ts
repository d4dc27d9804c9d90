import { describe, expect, it } from 'vitest';
import { CallContext } from '../domain/call-context.js';
import type { RpcMethod } from '../domain/rpc-method.js';
import { WaitProfile } from './wait-profile.js';

const TRACE = {} as CallContext['trace'];

/** A request that has ended. */
function ended(changes: Partial<CallContext>): CallContext {
  const method = { upstream: 'user' } as RpcMethod;
  return Object.assign(new CallContext('id', TRACE, 0, Infinity), { method, routeLabel: '/r' }, changes);
}

const upstream = (connectMs: number) =>
  ({ upstream: 'user', rpc: '', grpcCode: '', attempts: 1, deadlineMs: 0, serviceMs: 0, connectMs }) as const;

describe('the waits of requests', () => {
  it.each([
    ['a permit', { queueMs: 5 }, { kind: 'permit', of: 'user' }],
    ['the count of all instances', { rateLimitMs: 5 }, { kind: 'rate limit', of: 'redis' }],
    ['a connection', { upstream: upstream(5) }, { kind: 'connection', of: 'user' }],
    ['a connection to decide', { authWait: { connectMs: 5, upstreamMs: 9 } }, { kind: 'connection', of: 'auth' }],
  ])('for %s are added up', (_, changes, expected) => {
    const profile = new WaitProfile(1);
    profile.take(ended(changes));
    profile.take(ended(changes));
    expect(profile.totals()).toEqual([{ ...expected, route: '/r', count: 2, totalMs: 10, maxMs: 5 }]);
  });

  it('are none where nothing was waited for', () => {
    const profile = new WaitProfile(1);
    profile.take(ended({}));
    expect(profile.totals()).toEqual([]);
  });

  it.each([
    [0, []],
    [1, [10, 50]],
    [4, [8, 40]],
  ])('are counted for one of %i, for all of them', (fraction, expected) => {
    const profile = new WaitProfile(fraction);
    for (let n = 0; n < 10; n += 1) profile.take(ended({ queueMs: 5 }));
    expect(profile.totals().flatMap(({ count, totalMs }) => [count, totalMs])).toEqual(expected);
  });

  it('take no more memory for however many routes', () => {
    const profile = new WaitProfile(1);
    for (let n = 0; n < 5_000; n += 1) profile.take(ended({ queueMs: 1, routeLabel: `/${n}` }));
    const totals = profile.totals();
    expect(totals.length).toBeLessThan(1_010);
    expect(totals.reduce((sum, { count }) => sum + count, 0)).toBe(5_000);
  });
});
