import type { DescService, Registry } from '@bufbuild/protobuf';
import type { CompiledRoute } from './compiled-route.js';
import { problemOf } from './contract-problem.js';
import type { ContractProblem } from './contract-problem.js';
import { compileHttpBodyReader, takesRawBody } from './http-body.js';
import { compileRequestCodec } from './json-reader/request-codec.js';
import { compileResponseWriter } from './json-writer/response-writer.js';
import { RouteMatcher } from './matcher.js';
import { buildRouteTable } from './route-table.js';
import type { Route } from './route.js';

/** How messages are read and written, from the settings. */
export interface CodecOptions {
  readonly emitDefaults: boolean;
  readonly maxDepth: number;
  readonly maxKeys: number;
}

let compiles = 0;

/** Returns how many routes were compiled since the process started: a policy and the codecs of its messages each. */
export function compiledPolicies(): number {
  return compiles;
}

/** Every exposed route of the mounted services, compiled: the whole contract of a running gateway. */
export class Contract {
  readonly routes: readonly CompiledRoute[];
  readonly matcher: RouteMatcher;
  private readonly byRoute: ReadonlyMap<Route, CompiledRoute>;

  /** Throws ContractError with all problems at once. */
  constructor(services: readonly DescService[], registry: Registry, options: CodecOptions) {
    const { routes, problems } = buildRouteTable(services);
    if (problems.length > 0) throw new ContractError(problems);
    const { compiled, problems: mistakes } = compileRoutes(routes, registry, options);
    if (mistakes.length > 0) throw new ContractError(mistakes);
    this.routes = compiled;
    this.byRoute = new Map(this.routes.map((compiled) => [compiled.route, compiled]));
    this.matcher = new RouteMatcher(routes);
  }

  compiled(route: Route): CompiledRoute {
    const compiled = this.byRoute.get(route);
    if (compiled === undefined) throw new Error(`route ${route.template} is not part of this contract`);
    return compiled;
  }
}

/** The contracts cannot be served as they are. */
export class ContractError extends Error {
  override readonly name = 'ContractError';

  constructor(readonly problems: readonly ContractProblem[]) {
    super(`${problems.length} contract problem(s)`);
  }
}

/** All routes compiled, and what is wrong with those that cannot be. */
export function compileRoutes(
  routes: readonly Route[],
  registry: Registry,
  options: CodecOptions,
): { readonly compiled: readonly CompiledRoute[]; readonly problems: readonly ContractProblem[] } {
  const problems: ContractProblem[] = [];
  const compiled = routes.flatMap((route) => {
    try {
      return [compileRoute(route, registry, options)];
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      problems.push(problemOf(route.desc, `${route.verb} "${route.template}": ${reason}`));
      return [];
    }
  });
  return { compiled, problems };
}

function compileRoute(route: Route, registry: Registry, options: CodecOptions): CompiledRoute {
  const { policy } = route.method;
  compiles += 1;
  return {
    route,
    requestCodec: compileRequestCodec(route, { registry, maxDepth: options.maxDepth, maxKeys: options.maxKeys }),
    responseWriter: compileResponseWriter(route.desc.output, {
      registry,
      emitDefaults: options.emitDefaults,
      redact: policy.redact,
      tenantFields: policy.responseTenantFields,
      responseBody: route.responseBody,
    }),
    takesRawBody: takesRawBody(route),
    httpBody: compileHttpBodyReader(route),
  };
}
