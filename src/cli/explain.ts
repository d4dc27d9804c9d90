import { basePathOf } from '../config/schema/http-settings.js';
import { RouteMatcher } from '../contract/matcher.js';
import { withoutBase } from '../edge/base-path.js';
import type { CliContext } from './cli-context.js';
import { describeOwnRoute, describeRoute } from './describe-route.js';
import { gatewayRoutes, routesAt } from './gateway-routes.js';
import { nearestRoutes } from './nearest-routes.js';
import { formatTable, type Terminal } from './terminal.js';

interface Request {
  readonly verb: string;
  /** Path of a request with or without a query, or a whole URL. */
  readonly path: string;
}

/** Prints what the gateway would do with a request, without sending it. Returns exit code 0 when a route matches, otherwise 1. */
export function explain(context: CliContext, terminal: Terminal, request: Request): number {
  const verb = request.verb.toUpperCase();
  const path = withoutBase(rawPath(request.path), basePathOf(context.inspection.settings.GATEWAY_PUBLIC_URL));
  const facts = factsOf(context, { verb, path });
  if (typeof facts !== 'string') {
    terminal.out(`${verb} ${path}`);
    for (const line of formatTable(facts)) terminal.out(`  ${line}`);
    return 0;
  }
  terminal.err(`${verb} ${path}: ${facts}`);
  if (facts !== NOT_FOUND) return 1;
  terminal.err('The nearest routes:');
  for (const route of nearestRoutes(context.routes, path)) terminal.err(`  ${route}`);
  return 1;
}

const NOT_FOUND = 'no route matches (404 ROUTE_NOT_FOUND)';

/** Returns the facts about a request, or the reason why it is rejected. */
function factsOf(context: CliContext, { verb, path }: Request): (readonly string[])[] | string {
  const match = new RouteMatcher(context.routes).match(verb, path);
  const own = routesAt(gatewayRoutes(context), path);
  const taken = own.find((route) => route.verb === (verb === 'HEAD' ? 'GET' : verb));
  if (match.kind === 'found') return describeRoute(match.route, match.values, context);
  if (match.kind === 'invalid') return `${match.detail} (400)`;
  if (taken !== undefined) return describeOwnRoute(taken);
  const verbs = [...(match.kind === 'not_found' ? [] : match.allow), ...own.map((route) => route.verb)];
  if (verbs.length === 0) return NOT_FOUND;
  const allow = [...new Set([...verbs, ...(verbs.includes('GET') ? ['HEAD'] : []), 'OPTIONS'])].join(', ');
  if (verb === 'OPTIONS') return [['answered', `204 with Allow: ${allow}`]];
  return `this path has other methods (405 METHOD_NOT_ALLOWED)\nAllow: ${allow}`;
}

function rawPath(path: string): string {
  const [, rest] = /^[a-z]+:\/\/[^/?#]*([^#]*)/i.exec(path) ?? [];
  if (rest !== undefined) return rest.startsWith('/') ? rest : `/${rest}`;
  return path.startsWith('/') ? path : `/${path}`;
}
