import { type Match, RouteMatcher } from '../contract/matcher.js';
import { describeRoute } from './describe-route.js';
import { nearestRoutes } from './nearest-routes.js';
import { formatTable, type Terminal } from './terminal.js';
import type { World } from './world.js';

interface Request {
  readonly verb: string;
  /** Path of a request with or without a query, or a whole URL. */
  readonly path: string;
}

/** What the gateway would do with a request, without sending it (row N-19). Exit code 0 when a route takes it, else 1. */
export function explain(world: World, terminal: Terminal, request: Request): number {
  const verb = request.verb.toUpperCase();
  const path = rawPath(request.path);
  const match = new RouteMatcher(world.routes).match(verb, path);
  if (match.kind === 'found') {
    terminal.out(`${verb} ${path}`);
    for (const line of formatTable(describeRoute(match.route, match.values, world))) terminal.out(`  ${line}`);
    return 0;
  }
  terminal.err(describeMiss(match, `${verb} ${path}`));
  if (match.kind !== 'not_found') return 1;
  terminal.err('The nearest routes:');
  for (const route of nearestRoutes(world.routes, path)) terminal.err(`  ${route}`);
  return 1;
}

function rawPath(path: string): string {
  const [, rest] = /^[a-z]+:\/\/[^/?#]*([^#]*)/i.exec(path) ?? [];
  if (rest !== undefined) return rest.startsWith('/') ? rest : `/${rest}`;
  return path.startsWith('/') ? path : `/${path}`;
}

function describeMiss(match: Exclude<Match, { kind: 'found' }>, request: string): string {
  switch (match.kind) {
    case 'not_found':
      return `${request}: no route of the contracts takes it (404 ROUTE_NOT_FOUND)`;
    case 'method_not_allowed':
      return `${request}: this path takes other methods (405 METHOD_NOT_ALLOWED)\nAllow: ${match.allow.join(', ')}`;
    case 'invalid':
      return `${request}: ${match.detail} (400)`;
  }
}
