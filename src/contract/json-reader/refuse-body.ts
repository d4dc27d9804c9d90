import { GatewayError } from '../../domain/errors.js';
import { BODY } from './json-path.js';

/** Creates the error of a request with a body on a route that takes none. */
export function refuseBody(): GatewayError {
  const detail = 'this route takes no body';
  return new GatewayError('INVALID_ARGUMENT', `The request is not valid: ${detail}.`, {
    errors: [{ field: BODY, detail }],
  });
}
