import { GatewayError } from '../domain/errors.js';

/** Returns the error for a response that cannot be decoded or cannot be sent. */
export function unreadableResponse(cause: unknown): GatewayError {
  return new GatewayError('UPSTREAM_ERROR', 'The service sent a response that cannot be read.', { cause });
}
