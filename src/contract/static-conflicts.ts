import { problemOf } from './contract-problem.js';
import type { ContractProblem } from './contract-problem.js';
import { parsePathTemplate } from './path-template.js';
import type { PathTemplate } from './path-template.js';
import type { Route } from './route.js';
import { compareTemplates } from './template-overlap.js';

/** A route of the gateway itself. */
export interface StaticRoute {
  readonly verb: string;
  /** In Nest's syntax: `/auth/:provider/login`. */
  readonly path: string;
}

/** The verb of a route that takes all of them, as Nest names it. */
const ALL = 'ALL';

/**
 * Routes that would take paths from the gateway's own: the same paths, or some of those that one of its patterns
 * matches. A wider route (`/{name=**}`) is fine: the gateway's own path is the special case then.
 */
export function findStaticConflicts(routes: readonly Route[], statics: readonly StaticRoute[]): ContractProblem[] {
  const own = statics.map(({ verb, path }) => ({ verb, path, template: toTemplate(path) }));
  return routes.flatMap((route) => {
    const taken = own.find(
      ({ verb, template }) => (verb === route.verb || verb === ALL) && takesPaths(route.path, template),
    );
    if (taken === undefined) return [];
    const path = toBraces(taken.path);
    const what = `${route.verb} "${route.template}" is a path of the gateway itself`;
    return [problemOf(route.desc, `${what} (${taken.verb} ${path}): give it another path`)];
  });
}

function takesPaths(route: PathTemplate, own: PathTemplate): boolean {
  return ['equal', 'narrower', 'crossing'].includes(compareTemplates(route, own));
}

/** The root is the one path without a segment, which no template can be. */
function toTemplate(path: string): PathTemplate {
  if (path !== '/') return parsePathTemplate(toBraces(path));
  return { source: path, segments: [], variables: [], verb: undefined };
}

function toBraces(path: string): string {
  return path.replaceAll(/:(\w+)/g, '{$1}');
}
