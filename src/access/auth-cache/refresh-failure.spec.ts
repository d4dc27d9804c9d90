import { beforeEach, describe, expect, it } from 'vitest';
import { AuthCacheWorld, grpcError, MINUTE, UNAUTHENTICATED } from '../../../test/support/auth-cache-world.js';
import { GatewayError } from '../../domain/errors.js';
import { GRPC_CODES, type GrpcCode } from '../../grpc/grpc-code.js';
import { UnreadableVerdict } from './refresh-failure.js';

let world: AuthCacheWorld;

beforeEach(() => {
  world = new AuthCacheWorld();
});

describe('every status of AuthService is either a rejection or an outage', () => {
  const REJECTIONS = new Set<GrpcCode>(['UNAUTHENTICATED', 'PERMISSION_DENIED', 'NOT_FOUND']);

  it.each(GRPC_CODES.filter((code) => code !== 'OK'))('%s', async (code) => {
    await world.request();
    world.fail(code);
    world.now += MINUTE;
    expect(await world.request()).toEqual(REJECTIONS.has(code) ? UNAUTHENTICATED : 'stale');
  });

  it.each([
    ['an open circuit', () => new GatewayError('CIRCUIT_OPEN', 'circuit breaker is open'), 'circuit_open'],
    ['bytes that are no verdict', () => new UnreadableVerdict('no verdict'), 'malformed'],
    ['anything unforeseen', () => new TypeError('a bug'), 'internal'],
    ['a 401 of a proxy on the way', () => grpcError('UNAUTHENTICATED', false), 'unauthenticated'],
  ])('%s is an outage', async (_what, error, failure) => {
    await world.request();
    world.answer = () => Promise.reject(error());
    world.now += MINUTE;
    expect(await world.request()).toBe('stale');
    expect((await world.metric('gateway_auth_cache_refresh_failures_total'))[failure]).toBe(1);
  });

  it('a text that AuthService cannot read is a bad credential, where none was known', async () => {
    world.fail('INVALID_ARGUMENT');
    expect(await world.request()).toEqual({ code: 'UNAUTHENTICATED', reason: 'MALFORMED_CREDENTIALS' });
  });
});
