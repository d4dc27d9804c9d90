import { GatewayError } from '../../domain/errors.js';
import type { AdminCommand, AdminParams } from './admin-messages.js';

/** `ping` is answered by the worker itself. */
type Target = AdminCommand | 'ping';

interface AdminRoute {
  /** What changes something is POST: no link and no image leads there. */
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly target: Target;
}

/** All there is to call. */
export const ADMIN_ROUTES: readonly AdminRoute[] = [
  { method: 'GET', path: '/admin/ping', target: 'ping' },
  { method: 'GET', path: '/admin/circuits', target: 'list-circuits' },
  { method: 'POST', path: '/admin/circuits/{upstream}/open', target: 'open-circuit' },
  { method: 'POST', path: '/admin/circuits/{upstream}/close', target: 'close-circuit' },
  { method: 'POST', path: '/admin/circuits/{upstream}/reset', target: 'reset-circuit' },
];

const PATTERNS = ADMIN_ROUTES.map((route) => ({
  ...route,
  pattern: new RegExp(`^${route.path.replaceAll(/\{(\w+)\}/g, '(?<$1>[\\w.-]{1,64})')}$`),
}));

/** Throws ROUTE_NOT_FOUND, or METHOD_NOT_ALLOWED with the method that it takes. */
export function findRoute(method: string, path: string): { readonly target: Target; readonly params: AdminParams } {
  const route = PATTERNS.find(({ pattern }) => pattern.test(path));
  if (route === undefined) {
    const known = ADMIN_ROUTES.map((each) => `${each.method} ${each.path}`).join(', ');
    throw new GatewayError('ROUTE_NOT_FOUND', `There is no such path here; known: ${known}.`);
  }
  if (method === route.method || (method === 'HEAD' && route.method === 'GET')) {
    return { target: route.target, params: { ...route.pattern.exec(path)?.groups } };
  }
  const allow = route.method === 'GET' ? 'GET, HEAD' : route.method;
  throw new GatewayError('METHOD_NOT_ALLOWED', `${path} takes ${allow}.`, { headers: { allow } });
}
