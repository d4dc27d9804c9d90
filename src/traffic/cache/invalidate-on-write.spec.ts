import { expect, it } from 'vitest';
import { upstreamConfig } from '../../../test/support/transport.js';
import { unaryMethod } from '../../../test/support/upstream-call.js';
import { policyOf } from '../../domain/policy.js';
import { freshTimes } from './invalidate-on-write.js';

const SETTINGS = {
  upstreams: new Map([['user', upstreamConfig('dns:///localhost:1', { name: 'user', timeoutMs: 2_000 })]]),
  timeouts: { requestMs: 30_000, streamIdleMs: 1, streamTotalMs: 1 },
};

const cachedFor = (ttlMs: number) => ({ ttlMs, scope: 'tenant', staleIfErrorMs: 600_000, maxBytes: 0 }) as const;

it('an answer may be fresh for the longest call and the longest cache of its service; of open ones no tenant has any', () => {
  const methods = [
    unaryMethod(),
    { ...unaryMethod(), policy: policyOf('AUTHENTICATED', { cache: cachedFor(5_000) }) },
    { ...unaryMethod(), policy: policyOf('AUTHENTICATED', { cache: cachedFor(1_000), timeoutMs: 9_000 }) },
    { ...unaryMethod(), upstream: 'auth', policy: policyOf('OPEN', { cache: cachedFor(5_000) }) },
  ];
  expect([...freshTimes(methods, SETTINGS)]).toEqual([['user', 10_000]]);
});
