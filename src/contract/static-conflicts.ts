import { problemOf } from './contract-problem.js';
import type { ContractProblem } from './contract-problem.js';
import { parsePathTemplate } from './path-template.js';
import type { PathTemplate } from './path-template.js';
import type { Route } from './route.js';
import { compareTemplates } from './template-overlap.js';

/** A route of the gateway itself. */
export interface StaticRoute {
  readonly verb: string;
  /** Path in Nest's syntax: `/auth/:provider/login`. */
  readonly path: string;
}

/** Nest's name for a route that takes all methods. */
const ALL = 'ALL';

/**
 * Finds routes that would take over paths of the gateway's own: the same paths, or some of those that one of its
 * patterns matches. A wider route (`/{name=**}`) is allowed, because the gateway's own path is then more specific.
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

/** Converts a path. The root is the only path without a segment, which a template cannot be. */
function toTemplate(path: string): PathTemplate {
  if (path !== '/') return parsePathTemplate(toBraces(path));
  return { source: path, segments: [], variables: [], verb: undefined };
}

function toBraces(path: string): string {
  return path.replaceAll(/:(\w+)/g, '{$1}');
}
