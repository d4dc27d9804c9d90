import { beforeEach, describe, expect, it } from 'vitest';
import { AuthCacheFixture, grpcError, MINUTE, UNAUTHENTICATED } from '../../../test/support/auth-cache-fixture.js';
import { GatewayError } from '../../domain/errors.js';
import { GRPC_CODES, type GrpcCode } from '../../grpc/grpc-code.js';
import { UnreadableVerdict } from './refresh-failure.js';

let fixture: AuthCacheFixture;

beforeEach(() => {
  fixture = new AuthCacheFixture();
});

describe('every status of AuthService is either a rejection or an outage', () => {
  const REJECTIONS = new Set<GrpcCode>(['UNAUTHENTICATED', 'PERMISSION_DENIED', 'NOT_FOUND']);

  it.each(GRPC_CODES.filter((code) => code !== 'OK'))('%s', async (code) => {
    await fixture.request();
    fixture.fail(code);
    fixture.now += MINUTE;
    expect(await fixture.request()).toEqual(REJECTIONS.has(code) ? UNAUTHENTICATED : 'stale');
  });

  it.each([
    ['an open circuit', () => new GatewayError('CIRCUIT_OPEN', 'circuit breaker is open'), 'circuit_open'],
    ['bytes that are no verdict', () => new UnreadableVerdict('no verdict'), 'malformed'],
    ['anything unforeseen', () => new TypeError('a bug'), 'internal'],
    ['a 401 of a proxy on the way', () => grpcError('UNAUTHENTICATED', false), 'unauthenticated'],
  ])('%s is an outage', async (_what, error, failure) => {
    await fixture.request();
    fixture.answer = () => Promise.reject(error());
    fixture.now += MINUTE;
    expect(await fixture.request()).toBe('stale');
    expect((await fixture.metric('gateway_auth_cache_refresh_failures_total'))[failure]).toBe(1);
  });

  it('a text that AuthService cannot read is a bad credential, where none was known', async () => {
    fixture.fail('INVALID_ARGUMENT');
    expect(await fixture.request()).toEqual({ code: 'UNAUTHENTICATED', reason: 'MALFORMED_CREDENTIALS' });
  });
});
