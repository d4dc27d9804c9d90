import type { Route } from '../contract/route.js';
import { formatDuration } from '../config/quantities.js';
import { deadlineOf } from './deadline.js';
import { formatTable, type Terminal } from './terminal.js';
import type { World } from './world.js';

/** All routes of the mounted contracts, as a table or as JSON. Returns the exit code. */
export function listRoutes(world: World, terminal: Terminal, options: { readonly json: boolean }): number {
  const rows = world.routes.map((route) => describeRoute(route, world));
  if (options.json) {
    terminal.out(JSON.stringify(rows, null, 2));
    return 0;
  }
  const cells = rows.map(({ verb, template, rpc, access, permissions, timeoutMs, upstream }) => {
    const timeout = timeoutMs === undefined ? '?' : formatDuration(timeoutMs);
    const address = isUnset(upstream, world) ? ' (not set)' : '';
    return [verb, template, rpc, access, permissions.join(' ') || '-', timeout, upstream + address];
  });
  const header = ['VERB', 'TEMPLATE', 'RPC', 'ACCESS', 'PERMISSIONS', 'TIMEOUT', 'UPSTREAM'];
  for (const line of formatTable([header, ...cells])) terminal.out(line);
  return 0;
}

/** Whether settings that are complete leave an upstream out, and its routes with it. */
function isUnset(upstream: string, { inspection: { problems, upstreams } }: World): boolean {
  return problems.length === 0 && !upstreams.some(({ name, own }) => name === upstream && own.url !== undefined);
}

function describeRoute(route: Route, world: World) {
  const { method } = route;
  return {
    verb: route.verb,
    template: route.template,
    rpc: `${method.service}.${method.name}`,
    kind: method.kind,
    upstream: method.upstream,
    access: method.policy.access,
    permissions: method.policy.permissions,
    roles: method.policy.roles,
    timeoutMs: deadlineOf(method, world).ms,
  };
}
