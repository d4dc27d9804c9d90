import { describe, expect, it } from 'vitest';
import { GatewayError } from '../domain/errors.js';
import { type CallEnd, classify, malformedResponse } from '../grpc/grpc-failure.js';
import { timeoutError } from '../grpc/status.js';
import { wasAnswered } from './upstream-fault.js';

const end = (code: number, details: string, changes: Partial<CallEnd> = {}) =>
  new GatewayError('UPSTREAM_ERROR', 'failed', {
    cause: classify('user', { code, details, metadata: undefined, grpcHeaders: true, ...changes }),
  });

describe('an upstream has done what it was asked for', () => {
  it.each([
    [
      'a message that cannot be read',
      new GatewayError('UPSTREAM_ERROR', 'x', { cause: malformedResponse('user', '') }),
    ],
    ['a message for another tenant', new GatewayError('TENANT_LEAK_BLOCKED', 'x')],
    ['a message that is too large', end(8, 'Received message larger than max (9 vs 8)')],
    ['a message that grows too large', end(8, 'Received message that decompresses to a size larger than 8')],
    ['a message that cannot be decompressed', end(13, 'Failed to decompress received message')],
    ['a second message', end(13, 'Too many responses received')],
  ])('when it sent %s', (_what, error) => {
    expect(wasAnswered(error)).toBe(true);
  });

  it.each([
    ['its time ran out', timeoutError('user', 'deadline exceeded', true)],
    ['its connection broke', end(14, 'Connection dropped')],
    ['it says such a thing itself', end(8, 'Received message larger than max (9 vs 8)', { origin: 'app' })],
    ['the request is too large', end(8, 'Attempted to send message with a size larger than 8')],
    ['its circuit is open', new GatewayError('CIRCUIT_OPEN', 'x')],
  ])('not when %s', (_what, error) => {
    expect(wasAnswered(error)).toBe(false);
  });
});
