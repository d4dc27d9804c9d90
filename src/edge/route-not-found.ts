import { GatewayError } from '../domain/errors.js';

/**
 * Returns the error for a path without a route. Its decision reason distinguishes it in the log from a 404 of a
 * backend.
 */
export function routeNotFound(): GatewayError {
  return new GatewayError('ROUTE_NOT_FOUND', 'No route has this path.', { decisionReason: 'ENDPOINT_UNKNOWN' });
}
