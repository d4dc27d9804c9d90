import { hasOption } from '@bufbuild/protobuf';
import type { DescMethod, DescService } from '@bufbuild/protobuf';
import { http } from '../gen/google/api/annotations_pb.js';
import { problemOf } from './contract-problem.js';
import type { ContractProblem } from './contract-problem.js';
import { describeMethod } from './describe-method.js';
import { readHttpBindings } from './http-rule.js';
import { readPolicy } from './policy-reader.js';
import { bindRoute } from './route-binding.js';
import type { Route } from './route.js';
import { findSharedUpstreams } from './shared-upstreams.js';
import { findUnevenRedaction } from './shown-fields.js';
import { compareTemplates } from './template-overlap.js';
import { upstreamMistake } from './upstream-of-service.js';

/** Routes, and all problems of the contracts they come from. With a problem they must not be served. */
export interface RouteTable {
  readonly routes: readonly Route[];
  readonly problems: readonly ContractProblem[];
}

/** Cache: descriptors never change, so each RPC has one RpcMethod however often its service is read. */
const readTables = new WeakMap<DescService, RouteTable>();

/** Returns the routes of every RPC of a service that has a policy, in the order of the proto. */
export function readService(service: DescService): RouteTable {
  const known = readTables.get(service);
  if (known !== undefined) return known;
  const problems: ContractProblem[] = [];
  const routes = service.methods.flatMap((method) => readMethod(method, problems));
  const mistake = routes.length > 0 ? upstreamMistake(service) : undefined;
  if (mistake !== undefined) problems.push(problemOf(service, mistake));
  const table = { routes, problems };
  readTables.set(service, table);
  return table;
}

/** Returns the routes of all services, with the conflicts between them. */
export function buildRouteTable(services: Iterable<DescService>): RouteTable {
  const tables = [...services].map(readService);
  const routes = tables.flatMap((table) => table.routes);
  const problems = tables.flatMap((table) => table.problems);
  const shared = findSharedUpstreams(new Set(routes.map(({ desc }) => desc.parent)));
  return { routes, problems: [...problems, ...findConflicts(routes), ...findUnevenRedaction(routes), ...shared] };
}

function readMethod(desc: DescMethod, problems: ContractProblem[]): Route[] {
  const policy = readPolicy(desc, problems);
  if (policy === undefined) return [];
  const method = describeMethod(desc, policy);
  problems.push(...findMethodMistakes(desc).map((mistake) => problemOf(desc, mistake)));
  return readHttpBindings(desc, problems).flatMap((binding) => {
    const route = bindRoute(method, desc, binding);
    if ('method' in route) return [route];
    problems.push(...route.map((mistake) => problemOf(desc, `${binding.verb} "${binding.template}": ${mistake}`)));
    return [];
  });
}

function findMethodMistakes(desc: DescMethod): readonly string[] {
  const mistakes: string[] = [];
  if (!hasOption(desc, http))
    mistakes.push('has a policy but no google.api.http: add a path, or keep it internal without a policy');
  if (desc.methodKind === 'client_streaming' || desc.methodKind === 'bidi_streaming') {
    mistakes.push('REST cannot carry a stream from the client: make the request unary, or remove the policy');
  }
  return mistakes;
}

/**
 * Finds pairs of routes without an order of precedence: they match the same paths, or share some paths while neither is
 * more specific.
 */
function findConflicts(routes: readonly Route[]): ContractProblem[] {
  return routes.flatMap((route, index) =>
    routes.slice(0, index).flatMap((earlier) => {
      if (earlier.verb !== route.verb) return [];
      const relation = compareTemplates(earlier.path, route.path);
      const other = `"${earlier.template}" of ${earlier.method.service}.${earlier.method.name}`;
      const label = `${route.verb} "${route.template}"`;
      if (relation === 'equal') return [problemOf(route.desc, `${label} matches the same paths as ${other}`)];
      if (relation !== 'crossing') return [];
      return [
        problemOf(route.desc, `${label} and ${other} share paths and neither is more specific: rename one segment`),
      ];
    }),
  );
}
