import { Injectable } from '@nestjs/common';
import type { FastifyRequest, RouteOptions } from 'fastify';
import { Contract } from '../contract/contract.js';
import type { CompiledRoute } from '../contract/compiled-route.js';
import type { Route } from '../contract/route.js';
import { GatewayError } from '../domain/errors.js';
import { directRoutes } from './direct-routes.js';
import { routeNotFound } from './route-not-found.js';

/** The target of a request. `options` asks only for the methods of a path (RFC 9110 9.3.7). */
export type Resolution =
  { readonly kind: 'route' } | { readonly kind: 'options'; readonly headers: Readonly<Record<string, string>> };

/** Methods that are allowed on the server as a whole, or on a path about which nothing is known. */
export const ANY_METHOD = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';

/** A variable in a path in Nest's syntax. */
const VARIABLE = /:(\w+)/g;

/** The request goes on to the matched route. */
export const ROUTE: Resolution = { kind: 'route' };

/** Finds the policy and the RPC of a request and records them in its context. */
@Injectable()
export class RouteResolver {
  /** Methods of the gateway's own routes, by path. */
  private readonly ownRoutes = new Map<string, string[]>();
  /** Own routes whose path has variables, such as `/auth/:provider/login`, with the expressions that match them. */
  private readonly patterns = new Map<string, RegExp>();

  /** Routes of the contract that the HTTP router was given. */
  private readonly mounted = new Set<Route>();
  /** Those of them that the router still finds by itself. */
  private direct: ReadonlyMap<Route, CompiledRoute>;

  constructor(private readonly contract: Contract) {
    this.direct = contract.byRoute;
    contract.follow((next) => {
      const direct = directRoutes(next, this.mounted);
      return () => void (this.direct = direct);
    });
  }

  /** Called by Fastify's `onRoute`: registers a route. */
  learn({ url, method, config }: RouteOptions): void {
    if (config?.rpcRoute !== undefined) this.mounted.add(config.rpcRoute);
    if (config?.fallback === true || config?.rpcRoute !== undefined) return;
    this.ownRoutes.set(url, [...(this.ownRoutes.get(url) ?? []), ...[method].flat()]);
    if (url.includes(':')) this.patterns.set(url, new RegExp(`^${url.replaceAll(VARIABLE, '[^/]+')}$`));
  }

  /** Throws ROUTE_NOT_FOUND, METHOD_NOT_ALLOWED or MALFORMED_REQUEST. */
  resolve(request: FastifyRequest): Resolution {
    const { config, url } = request.routeOptions;
    if (config.rpcRoute !== undefined) {
      const compiled = this.direct.get(config.rpcRoute);
      if (compiled === undefined) return this.resolveByContract(request);
      setRoute(request, compiled);
      return ROUTE;
    }
    if (config.fallback === true || url === undefined) return this.resolveByContract(request);
    request.call.policy = config.policy;
    request.call.routeLabel = this.labelOf(url);
    return ROUTE;
  }

  /**
   * Returns the methods of a path for the Allow header; empty for a path without a route. The request is logged under
   * the route of that path.
   */
  allow({ rawPath, call }: FastifyRequest): string {
    if (rawPath === '*') return ANY_METHOD;
    const own = this.ownRoute(withoutExtraSlashes(rawPath));
    call.routeLabel =
      this.contract.matcher.routeOf(rawPath)?.template ?? (own === '' ? call.routeLabel : this.labelOf(own));
    const methods = [...this.contract.matcher.methodsOf(rawPath), ...(this.ownRoutes.get(own) ?? [])];
    if (methods.length === 0) return '';
    return [...new Set([...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'])].join(', ');
  }

  /**
   * Resolves templates that the HTTP router cannot express or does not know, routes that were removed, and unmatched
   * requests.
   */
  private resolveByContract(request: FastifyRequest): Resolution {
    const match = this.contract.matcher.match(request.method, request.rawPath);
    if (match.kind === 'invalid') throw new GatewayError('MALFORMED_REQUEST', match.detail);
    if (match.kind !== 'found') return this.otherMethods(request);
    setRoute(request, this.contract.compiled(match.route));
    return ROUTE;
  }

  /** Returns the gateway's own route that a path matches, in Nest's syntax; empty for none. */
  private ownRoute(path: string): string {
    if (this.ownRoutes.has(path)) return path;
    return [...this.patterns].find(([, pattern]) => pattern.test(path))?.[0] ?? '';
  }

  private labelOf(url: string): string {
    return this.patterns.has(url) ? url.replaceAll(VARIABLE, '{$1}') : url;
  }

  private otherMethods(request: FastifyRequest): Resolution {
    const allow = this.allow(request);
    if (allow === '') throw routeNotFound();
    if (request.method === 'OPTIONS') return { kind: 'options', headers: { allow } };
    throw new GatewayError('METHOD_NOT_ALLOWED', `This path answers ${allow}.`, { headers: { allow } });
  }
}

function setRoute(request: FastifyRequest, rpc: CompiledRoute): void {
  const { call } = request;
  request.rpc = rpc;
  call.method = rpc.route.method;
  call.policy = rpc.route.method.policy;
  call.routeLabel = rpc.route.template;
}

/** Normalizes a path as the HTTP router does: duplicate and trailing slashes do not matter. */
function withoutExtraSlashes(path: string): string {
  return `/${path.split('/').filter(Boolean).join('/')}`;
}
