import { describe, expect, it } from 'vitest';
import { clientTimeoutMs } from './client-deadline.js';

describe('the time that a client gives', () => {
  it.each([
    [{}, undefined],
    [{ 'x-request-timeout': '2' }, 2_000],
    [{ 'x-request-timeout': '1.5' }, 1_500],
    [{ 'x-request-timeout': '1.5s' }, 1_500],
    [{ 'x-request-timeout': '800ms' }, 800],
    [{ 'x-request-timeout': '1m' }, 60_000],
    [{ 'x-request-timeout': '1h' }, 3_600_000],
    [{ 'grpc-timeout': '2S' }, 2_000],
    [{ 'grpc-timeout': '800m' }, 800],
    [{ 'grpc-timeout': '500u' }, 0.5],
    [{ 'grpc-timeout': '1000000n' }, 1],
    [{ 'grpc-timeout': '1M' }, 60_000],
    [{ 'grpc-timeout': '1H' }, 3_600_000],
    [{ 'x-request-timeout': '5s', 'grpc-timeout': '1S' }, 1_000],
  ])('is read from %o', (headers, ms) => {
    expect(clientTimeoutMs(headers)).toBe(ms);
  });

  it.each(['', '0', '0s', '-1', 'soon', '1,5', '5 s', '1e3', '123456789', '5x', 'Infinity', '1s, 2s'])(
    'is refused as "%s" in X-Request-Timeout, by name',
    (value) => {
      expect(() => clientTimeoutMs({ 'x-request-timeout': value })).toThrow(/X-Request-Timeout.*800ms/);
    },
  );

  it.each(['', '5', '5s', '0S', '-1S', '123456789S', '1.5S', '99999s'])(
    'is refused as "%s" in Grpc-Timeout, by name',
    (value) => {
      expect(() => clientTimeoutMs({ 'grpc-timeout': value })).toThrow(/Grpc-Timeout.*800m/);
    },
  );
});
