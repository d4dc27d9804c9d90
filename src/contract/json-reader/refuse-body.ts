import { GatewayError } from '../../domain/errors.js';
import { BODY } from './json-path.js';

/** Returns the error for a request with a body on a route without one. */
export function refuseBody(): GatewayError {
  const detail = 'this route takes no body';
  return new GatewayError('INVALID_ARGUMENT', `The request is not valid: ${detail}.`, {
    errors: [{ field: BODY, detail }],
  });
}
