import type { CompiledRoute } from '../contract/compiled-route.js';
import type { ContractVersion } from '../contract/contract.js';
import type { Route } from '../contract/route.js';
import { overlap } from '../contract/template-overlap.js';

/**
 * Returns the routes whose requests the HTTP router finds as the matcher would. The router keeps the routes that it was
 * given at boot. Of a later contract this returns the routes that are still part of it and share no path with a route
 * that the router does not know. All others are found by the matcher.
 */
export function directRoutes(
  { routes }: Pick<ContractVersion, 'routes'>,
  mounted: ReadonlySet<Route>,
): ReadonlyMap<Route, CompiledRoute> {
  const unknown = routes.filter(({ route }) => !mounted.has(route)).map(({ route }) => route);
  const direct = routes.filter(({ route }) => mounted.has(route) && !unknown.some((other) => sharePaths(route, other)));
  return new Map(direct.map((compiled) => [compiled.route, compiled]));
}

/** Returns whether two routes can match the same request. A GET route answers HEAD as well. */
function sharePaths(one: Route, other: Route): boolean {
  const sameVerb = one.verb === other.verb || [one.verb, other.verb].includes('HEAD');
  return sameVerb && overlap(one.path.segments, other.path.segments);
}
