import type { Route } from './route.js';
import { overlap } from './template-overlap.js';

/** Literals that find-my-way compares unchanged; it decodes others or reads them as its own syntax. */
const PLAIN_LITERAL = /^[\w\-.~!']+$/;

/**
 * Returns the path of a route in Nest's and find-my-way's syntax; undefined for a template that they cannot express
 * (`**`), which the matcher dispatches below one wildcard route. The parameters are placeholders: values are read by
 * `variableValues` from the raw path, which also refuses `a%3Adisable` where find-my-way saw the verb `:disable`.
 */
export function toNestPath(route: Route): string | undefined {
  const { segments, verb, variables } = route.path;
  const texts = segments.map((segment, index) => {
    if (segment.kind === 'single') {
      const variable = variables.find((each) => each.start === index && !each.multiSegment);
      return `:${variable === undefined ? `segment${index}` : variable.fieldPath.replaceAll('.', '_')}`;
    }
    return segment.kind === 'literal' ? plainLiteral(segment.text) : undefined;
  });
  const suffix = verb === undefined ? '' : plainLiteral(verb);
  if (suffix === undefined || texts.includes(undefined)) return undefined;
  const path = `/${texts.join('/')}`;
  if (verb === undefined) return path;
  return segments.at(-1)?.kind === 'single' ? `${path}(^[^/]+)::${suffix}` : `${path}::${suffix}`;
}

/**
 * Returns the Nest paths of all routes. A route over which a custom verb of one of the matcher's routes takes
 * precedence on some path (`{id}` beside `{name=**}:download`) is left to the matcher too, so that both routers agree.
 */
export function toNestPaths(routes: readonly Route[]): ReadonlyMap<Route, string> {
  const paths = new Map<Route, string>();
  const outranking = routes.filter((route) => route.path.verb !== undefined && toNestPath(route) === undefined);
  for (const route of routes) {
    const path = toNestPath(route);
    const isOutranked = outranking.some((other) => outranks(other, route));
    if (path !== undefined && !isOutranked) paths.set(route, path);
  }
  return paths;
}

/** Returns whether some path that ends in a value with a colon matches `route` and, cut at the colon, `other`. */
function outranks(other: Route, route: Route): boolean {
  if (other.verb !== route.verb || route.path.verb !== undefined) return false;
  return route.path.segments.at(-1)?.kind === 'single' && overlap(other.path.segments, route.path.segments);
}

function plainLiteral(text: string): string | undefined {
  return PLAIN_LITERAL.test(text) ? text : undefined;
}
