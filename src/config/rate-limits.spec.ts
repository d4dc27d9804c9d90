import { describe, expect, it } from 'vitest';
import { inspectEnvironment, parseEnvironment } from './environment.js';
import type { Environment } from './variables.js';

const BASE: Environment = {
  AUTH_SERVICE_URL: 'localhost:1',
  USER_SERVICE_URL: 'localhost:2',
  TENANT_SERVICE_URL: 'localhost:3',
  JWT_SECRET: 'a secret of more than 32 bytes, really',
};

const limitsOf = (changes: Environment) => parseEnvironment({ ...BASE, ...changes }).rateLimit;
const perSecond = (maxRate: number, capacity: number) => ({ maxRate, capacity, everyMs: 1000 });

describe('rate limits', () => {
  it('are 100 a second and 200 at once for a tenant, five times that for an address, none for a caller', () => {
    expect(limitsOf({})).toMatchObject({
      tenant: perSecond(100, 200),
      ip: perSecond(500, 1000),
      user: undefined,
      dryRun: false,
      replicas: 1,
    });
  });

  it('of an address grow with those of tenants, and do not shrink with them', () => {
    expect(limitsOf({ RATE_LIMIT_RPS: '1000', RATE_LIMIT_BURST: '3000' }).ip).toEqual(perSecond(5000, 15_000));
    expect(limitsOf({ RATE_LIMIT_RPS: '1', RATE_LIMIT_BURST: '1' }).ip).toEqual(perSecond(500, 1000));
    expect(limitsOf({ GATEWAY_RATE_LIMIT_IP_RPS: '7', GATEWAY_RATE_LIMIT_IP_BURST: '9' }).ip).toEqual(perSecond(7, 9));
  });

  it('of an address are switched off by 0', () => {
    expect(limitsOf({ GATEWAY_RATE_LIMIT_IP_RPS: '0' }).ip).toBeUndefined();
  });

  it('of a caller have twice their rate as burst', () => {
    expect(limitsOf({ GATEWAY_RATE_LIMIT_USER_RPS: '10' }).user).toEqual(perSecond(10, 20));
    const both = { GATEWAY_RATE_LIMIT_USER_RPS: '10', GATEWAY_RATE_LIMIT_USER_BURST: '11' };
    expect(limitsOf(both).user).toEqual(perSecond(10, 11));
  });

  it('refuse the burst of a caller without a rate, and a rate of nothing', () => {
    const { problems } = inspectEnvironment({ ...BASE, GATEWAY_RATE_LIMIT_USER_BURST: '5', RATE_LIMIT_RPS: '0' });
    expect(problems.map(({ name }) => name)).toEqual(['RATE_LIMIT_RPS', 'GATEWAY_RATE_LIMIT_USER_BURST']);
  });
});
