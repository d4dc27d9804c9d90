import { GatewayError } from '../../domain/errors.js';
import type { AdminInput } from './admin-messages.js';
import type { AdminRoute } from './admin-route.js';
import { ADMIN_ROUTES } from './admin-routes.js';

const PATTERNS = ADMIN_ROUTES.map((route) => ({
  route,
  pattern: new RegExp(`^${route.path.replaceAll(/\{(\w+)\}/g, '(?<$1>[\\w.-]{1,64})')}$`),
}));

const KNOWN = ADMIN_ROUTES.map(({ method, path }) => `${method} ${path}`).join(', ');

/** A route and the variables of a path. */
interface Found {
  readonly route: AdminRoute;
  readonly params: AdminInput['params'];
}

/** Finds a route. Throws ROUTE_NOT_FOUND, or METHOD_NOT_ALLOWED with the allowed methods. */
export function findRoute(method: string, path: string): Found {
  const matches = PATTERNS.filter(({ pattern }) => pattern.test(path));
  if (matches.length === 0) throw notFound(path);
  const wanted = method === 'HEAD' ? 'GET' : method;
  const match = matches.find(({ route }) => route.method === wanted);
  if (match !== undefined) return { route: match.route, params: { ...match.pattern.exec(path)?.groups } };
  const allow = matches.map(({ route }) => (route.method === 'GET' ? 'GET, HEAD' : route.method)).join(', ');
  throw new GatewayError('METHOD_NOT_ALLOWED', `${path} takes ${allow}.`, { headers: { allow } });
}

/** Returns the error of an unknown path; suggests the final slash, which people often omit. */
function notFound(path: string): GatewayError {
  const folder = ADMIN_ROUTES.find((route) => route.path === `${path}/`);
  const hint = folder === undefined ? '' : ` Did you mean ${folder.path}?`;
  return new GatewayError('ROUTE_NOT_FOUND', `There is no such path here.${hint} Known: ${KNOWN}.`);
}
