import { describe, expect, it } from 'vitest';
import { unaryMethod } from '../../../test/support/upstream-call.js';
import type { RateLimitConfig } from '../../config/schema/rate-limit-settings.js';
import { CallContext } from '../../domain/call-context.js';
import { NO_TRACE } from '../../domain/trace-context.js';
import { GatewayMetrics } from '../../observe/metrics.js';
import { PlanLimits } from './plan-limits.js';
import { RateLimiter } from './rate-limiter.js';

const CONFIG: RateLimitConfig = {
  tenant: { maxRate: 10, capacity: 5, everyMs: 1000 },
  ip: undefined,
  user: undefined,
  dryRun: false,
  maxKeys: 1000,
  idleMs: 600_000,
  cleanupIntervalMs: 600_000,
  storeTimeoutMs: 20,
  replicas: 1,
};

function start(): RateLimiter {
  const { rateLimits: metrics } = new GatewayMetrics({ inFlight: new Set(), droppedLines: () => 0 });
  const plans = new PlanLimits({ known: () => undefined }, CONFIG);
  return new RateLimiter({ config: CONFIG, plans, metrics, shared: undefined, now: () => 0, random: () => 0 });
}

const rate = { maxRate: 1, capacity: 2, everyMs: 60_000, key: 'identifier' };
const METHOD = {
  ...unaryMethod({ rates: [rate] }),
  keyedRates: [{ rate, read: (bytes: Uint8Array) => Buffer.from(bytes).toString() }],
};

/** Returns whether a request with this value is let in. */
function send(limiter: RateLimiter, value: string, clientAddress = '203.0.113.7', method = METHOD): boolean {
  const call = new CallContext('request', NO_TRACE, 0, 1000);
  call.method = method;
  call.policy = method.policy;
  expect(limiter.check(call, { clientAddress })).toBeUndefined();
  return limiter.checkValues(call, Buffer.from(value)) === undefined;
}

describe('a rate with a key', () => {
  const sendAll = (limiter: RateLimiter, ...values: string[]) => values.map((value) => send(limiter, value));

  it('counts by the value, from any caller and however it is spelled', () => {
    const limiter = start();
    expect(sendAll(limiter, 'alice', 'ALICE ', 'alice', 'bob')).toEqual([true, true, false, true]);
    expect(send(limiter, 'alice', '198.51.100.1')).toBe(false);
  });

  it('has a bucket of its own beside another with the same key', () => {
    const limiter = start();
    const [{ read }] = METHOD.keyedRates as [(typeof METHOD.keyedRates)[number]];
    const daily = { maxRate: 4, capacity: 4, everyMs: 86_400_000, key: 'identifier' };
    const method = { ...METHOD, keyedRates: [rate, daily].map((each) => ({ rate: each, read })) };
    const sent = ['alice', 'alice', 'alice', 'bob'].map((value) => send(limiter, value, undefined, method));
    expect(sent).toEqual([true, true, false, true]);
  });

  it('counts all requests without the value together', () => {
    const limiter = start();
    expect(sendAll(limiter, '', '', '')).toEqual([true, true, false]);
  });
});
