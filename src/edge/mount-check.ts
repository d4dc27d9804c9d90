import { fastify } from 'fastify';
import { problemOf, type ContractProblem } from '../contract/contract-problem.js';
import { toNestPaths } from '../contract/nest-path.js';
import type { Route } from '../contract/route.js';
import type { StaticRoute } from '../contract/static-conflicts.js';
import { ROUTABLE_VERBS } from '../contract/verbs.js';

/**
 * Returns the routes that the HTTP router refuses, found with a separate router, so that they are reported before the
 * start.
 */
export function findUnmountable(routes: readonly Route[], statics: readonly StaticRoute[]): ContractProblem[] {
  const router = fastify();
  for (const verb of ROUTABLE_VERBS) {
    if (!router.supportedMethods.includes(verb)) router.addHttpMethod(verb, { hasBody: true });
  }
  const mount = (method: string, url: string): void => void router.route({ method, url, handler: () => undefined });
  for (const { verb, path } of statics) mount(verb, path);
  const services = Map.groupBy(routes, ({ desc }) => desc.parent);
  return [...services.values()].flatMap((own) =>
    [...toNestPaths(own)].flatMap(([route, path]) => {
      try {
        mount(route.verb, path);
        return [];
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        return [problemOf(route.desc, `${route.verb} "${route.template}" cannot be mounted: ${reason}`)];
      }
    }),
  );
}
