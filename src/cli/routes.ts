import type { Route } from '../contract/route.js';
import { formatDuration } from '../config/unit-parsers.js';
import { deadlineOf } from './deadline.js';
import { formatTable, type Terminal } from './terminal.js';
import type { CliContext } from './cli-context.js';

/** Prints all routes of the mounted contracts, as a table or as JSON. Returns the exit code. */
export function listRoutes(context: CliContext, terminal: Terminal, options: { readonly json: boolean }): number {
  const rows = context.routes.map((route) => describeRoute(route, context));
  if (options.json) {
    terminal.out(JSON.stringify(rows, null, 2));
    return 0;
  }
  const cells = rows.map(({ verb, template, rpc, access, permissions, timeoutMs, upstream }) => {
    const timeout = timeoutMs === undefined ? '?' : formatDuration(timeoutMs);
    const address = isUnset(upstream, context) ? ' (not set)' : '';
    return [verb, template, rpc, access, permissions.join(' ') || '-', timeout, upstream + address];
  });
  const header = ['VERB', 'TEMPLATE', 'RPC', 'ACCESS', 'PERMISSIONS', 'TIMEOUT', 'UPSTREAM'];
  for (const line of formatTable([header, ...cells])) terminal.out(line);
  return 0;
}

/** Returns whether otherwise complete settings leave out an upstream, and its routes with it. */
function isUnset(upstream: string, { inspection: { problems, upstreams } }: CliContext): boolean {
  return problems.length === 0 && !upstreams.some(({ name, own }) => name === upstream && own.url !== undefined);
}

function describeRoute(route: Route, context: CliContext) {
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
    timeoutMs: deadlineOf(method, context).ms,
  };
}
