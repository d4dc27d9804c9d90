import type { TemplateSegment } from './path-template.js';
import type { Route } from './route.js';
import { overlap } from './template-overlap.js';

/** What find-my-way compares as it stands; anything else it decodes or reads as its own syntax. */
const PLAIN_LITERAL = /^[\w\-.~!']+$/;

/**
 * The path of a route in Nest's and find-my-way's syntax; undefined for a template that they cannot hold (`**`), which
 * is dispatched by the {@link RouteMatcher} below one wildcard route. The parameters only mark the place: values are
 * read by `variableValues` from the raw path.
 */
export function toNestPath(route: Route): string | undefined {
  const { segments, verb, variables } = route.path;
  const texts = segments.map((segment, index) => {
    if (segment.kind === 'single') {
      const variable = variables.find((each) => each.start === index && !each.multiSegment);
      return `:${variable === undefined ? `segment${index}` : variable.fieldPath.replaceAll('.', '_')}`;
    }
    return segment.kind === 'literal' ? escapeLiteral(segment.text) : undefined;
  });
  const suffix = verb === undefined ? '' : escapeLiteral(verb);
  if (suffix === undefined || texts.includes(undefined)) return undefined;
  const path = `/${texts.join('/')}`;
  if (verb === undefined) return path;
  return segments.at(-1)?.kind === 'single' ? `${path}(^[^/]+)::${suffix}` : `${path}::${suffix}`;
}

/**
 * The Nest paths of a whole table. A route that a custom verb of a matcher's route outranks on some path
 * (`{id}` beside `{name=**}:download`) is left to the matcher too, so that both routers agree.
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

function outranks(other: Route, route: Route): boolean {
  if (other.verb !== route.verb && !(other.verb === 'GET' && route.verb === 'HEAD')) return false;
  return other.path.verb !== route.path.verb && overlap(other.path.segments, withoutLast(route.path.segments));
}

/** The last segment of a path that a custom verb is cut from may be any value. */
function withoutLast(segments: readonly TemplateSegment[]): readonly TemplateSegment[] {
  return segments.with(-1, { kind: 'single' });
}

function escapeLiteral(text: string): string | undefined {
  return PLAIN_LITERAL.test(text) ? text.replaceAll(':', '::') : undefined;
}
