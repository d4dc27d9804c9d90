import { GatewayError } from '../domain/errors.js';

/** The error of a response whose bytes are no such message, or none that can be sent on. */
export function unreadableResponse(cause: unknown): GatewayError {
  return new GatewayError('UPSTREAM_ERROR', 'The service sent a response that cannot be read.', { cause });
}
