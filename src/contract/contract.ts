import { setImmediate } from 'node:timers/promises';
import type { DescService, Registry } from '@bufbuild/protobuf';
import type { Comments } from './comments.js';
import type { CompiledRoute } from './compiled-route.js';
import { problemOf } from './contract-problem.js';
import type { ContractProblem } from './contract-problem.js';
import { compileEtagReader } from './entity-tags.js';
import { deprecationHeaders } from './deprecation.js';
import { compileHttpBodyReader, takesRawBody } from './http-body.js';
import { compileIgnored } from './json-reader/query-string.js';
import { compileRequestCodec } from './json-reader/request-codec.js';
import { compileResponseWriter } from './json-writer/response-writer.js';
import { RouteMatcher } from './matcher.js';
import { buildRouteTable } from './route-table.js';
import type { Route } from './route.js';
import { loadMessageRules } from './validation/message-rules.js';
import type { MessageRules } from './validation/message-rules.js';

/** Options of reading and writing messages, from the settings. */
export interface CodecOptions {
  readonly emitDefaults: boolean;
  readonly maxDepth: number;
  readonly maxKeys: number;
  readonly protoNames?: boolean;
  readonly enumNumbers?: boolean;
  /** Names of query parameters that are ignored, or their prefixes: `utm_*`. */
  readonly ignoredQuery?: readonly string[];
}

/** Maximum time that requests wait while routes are compiled, in ms, in addition to the compilation of one route. */
const SLICE_MS = 5;

let compiles = 0;

/** Returns how many routes were compiled since the process started, each with its policy and its codecs. */
export function compiledPolicies(): number {
  return compiles;
}

/** All exposed routes of some services, compiled. Immutable: a new version replaces it. */
export interface ContractVersion {
  readonly routes: readonly CompiledRoute[];
  readonly matcher: RouteMatcher;
  readonly byRoute: ReadonlyMap<Route, CompiledRoute>;
  /** Comments of the descriptor sets, for the documentation. */
  readonly comments: Comments;
  /** Rules of messages (buf.validate); undefined where no request has any. */
  readonly rules: MessageRules | undefined;
}

/** Input of the compilation of a version. */
export interface ContractSources {
  readonly services: readonly DescService[];
  readonly registry: Registry;
  readonly comments: Comments;
}

/**
 * Compiles the routes of services in slices, between which requests are served. Rejects with ContractError, which
 * contains all problems.
 */
export async function compileContract(
  { services, registry, comments }: ContractSources,
  options: CodecOptions,
): Promise<ContractVersion> {
  const { routes, problems } = buildRouteTable(services);
  if (problems.length > 0) throw new ContractError(problems);
  const types = await loadTypes(routes, registry);
  const compiled: CompiledRoute[] = [];
  const mistakes: ContractProblem[] = [];
  let begunAt = performance.now();
  for (const route of routes) {
    const outcome = compileRoutes([route], types, options);
    compiled.push(...outcome.compiled);
    mistakes.push(...outcome.problems);
    if (performance.now() - begunAt < SLICE_MS) continue;
    await setImmediate();
    begunAt = performance.now();
  }
  if (mistakes.length > 0) throw new ContractError(mistakes);
  const byRoute = new Map(compiled.map((each) => [each.route, each]));
  return { routes: compiled, matcher: new RouteMatcher(routes), byRoute, comments, rules: types.rules };
}

/**
 * Prepares for the next version of a contract before it is in force. Throws to reject the version. Returns a function
 * that activates the result, which must not throw.
 */
export type ContractFollower = (next: ContractVersion) => () => void;

/** The contract of a running gateway: the version that serves new requests. */
export class Contract {
  private readonly followers: ContractFollower[] = [];

  constructor(private current: ContractVersion) {}

  get routes(): readonly CompiledRoute[] {
    return this.current.routes;
  }

  get matcher(): RouteMatcher {
    return this.current.matcher;
  }

  get byRoute(): ReadonlyMap<Route, CompiledRoute> {
    return this.current.byRoute;
  }

  get comments(): Comments {
    return this.current.comments;
  }

  get rules(): MessageRules | undefined {
    return this.current.rules;
  }

  compiled(route: Route): CompiledRoute {
    const compiled = this.current.byRoute.get(route);
    if (compiled === undefined) throw new Error(`route ${route.template} is not part of this contract`);
    return compiled;
  }

  /** Registers a follower of later versions. */
  follow(follower: ContractFollower): void {
    this.followers.push(follower);
  }

  /**
   * Prepares everything that depends on another version. Throws the error of a follower that rejects it; then nothing
   * has changed. Returns a function that activates the version between two requests.
   */
  prepare(next: ContractVersion): () => void {
    const commits = this.followers.map((follower) => follower(next));
    return () => {
      this.current = next;
      for (const commit of commits) commit();
    };
  }
}

/** Thrown for contracts that cannot be served. */
export class ContractError extends Error {
  override readonly name = 'ContractError';

  constructor(readonly problems: readonly ContractProblem[]) {
    super(`${problems.length} contract problem(s)`);
  }
}

/** The types of messages, and their rules. */
export interface MessageTypes {
  readonly registry: Registry;
  readonly rules: MessageRules | undefined;
}

/** Loads what the rules of the requests of routes need; nothing where there are none. */
export async function loadTypes(routes: readonly Route[], registry: Registry): Promise<MessageTypes> {
  return { registry, rules: await loadMessageRules(routes, registry) };
}

/** Returns all compiled routes, and the problems of those that cannot be compiled. */
export function compileRoutes(
  routes: readonly Route[],
  types: MessageTypes,
  options: CodecOptions,
): { readonly compiled: readonly CompiledRoute[]; readonly problems: readonly ContractProblem[] } {
  const problems: ContractProblem[] = [];
  const compiled = routes.flatMap((route) => {
    try {
      return [compileRoute(route, types, options)];
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      problems.push(problemOf(route.desc, `${route.verb} "${route.template}": ${reason}`));
      return [];
    }
  });
  return { compiled, problems };
}

function compileRoute(route: Route, { registry, rules }: MessageTypes, options: CodecOptions): CompiledRoute {
  const { policy } = route.method;
  compiles += 1;
  return {
    route,
    requestCodec: compileRequestCodec(route, {
      registry,
      rules,
      maxDepth: options.maxDepth,
      maxKeys: options.maxKeys,
      isIgnored: compileIgnored(options.ignoredQuery),
    }),
    responseWriter: compileResponseWriter(route.desc.output, {
      registry,
      emitDefaults: options.emitDefaults,
      protoNames: options.protoNames === true,
      enumNumbers: options.enumNumbers === true,
      redact: policy.redact,
      tenantFields: policy.responseTenantFields,
      responseBody: route.responseBody,
    }),
    takesRawBody: takesRawBody(route),
    deprecation: deprecationHeaders(policy.deprecation),
    httpBody: compileHttpBodyReader(route),
    readEtag: compileEtagReader(route),
  };
}
