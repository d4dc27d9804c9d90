import { GatewayError } from '../domain/errors.js';

/** Returns the refusal of a path that no route has. Its decision reason tells it from a 404 of a backend in the log. */
export function routeNotFound(): GatewayError {
  return new GatewayError('ROUTE_NOT_FOUND', 'No route has this path.', { decisionReason: 'ENDPOINT_UNKNOWN' });
}
