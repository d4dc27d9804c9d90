import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { FastifyReply, FastifyRequest, RouteHandlerMethod, RouteOptions } from 'fastify';
import { ConfigError } from '../../config/config-error.js';
import { Contract, type ContractVersion } from '../../contract/contract.js';
import type { Route } from '../../contract/route.js';
import { directRoutes } from '../direct-routes.js';
import { FallbackController } from '../fallback.controller.js';
import { mountedServices } from '../mounted-services.js';
import { RpcHandler } from '../rpc-handler.js';
import { compilePipeline } from './compile-pipeline.js';
import { Enhancers, type RouteHandler } from './enhancers.js';
import type { Pipeline } from './pipeline.js';
import { RpcExchange } from './rpc-exchange.js';

/**
 * Replaces Nest's router context by the compiled pipeline of each generated route, which saves about a tenth of the CPU
 * time of a request (ADR 0028). Hand-written routes keep Nest's router context.
 */
@Injectable()
export class Pipelines implements OnApplicationBootstrap {
  private readonly handlers = new WeakMap<Route, RouteHandler>();
  private hasHandlers = false;
  /** Routes that Nest's router context serves, because they have request-scoped providers. */
  private readonly scoped = new Map<Route, string>();
  /** Those of them that Nest has mounted, each with the name of its controller. */
  private readonly ofNest = new Map<Route, string>();
  private readonly mounted = new Set<Route>();
  private readonly pipelines = new WeakMap<Route, Pipeline>();

  constructor(
    contract: Contract,
    private readonly discovery: DiscoveryService,
    private readonly enhancers: Enhancers,
    private readonly rpcHandler: RpcHandler,
  ) {
    contract.follow((next) => this.adopt(next));
  }

  /** Must be called once the application is made, before Nest mounts its routes: see `watchFilters`. */
  watchFilters(): void {
    this.enhancers.watchFilters();
  }

  /** Called by Fastify's `onRoute`: Nest mounts its routes after all modules are initialized. */
  mount(route: RouteOptions): void {
    const { config, handler } = route;
    if (config?.fallback === true) route.handler = this.dispatch(handler);
    const mounted = config?.rpcRoute;
    if (mounted === undefined) return;
    this.mounted.add(mounted);
    const pipeline = this.of(mounted);
    if (pipeline === undefined) {
      this.ofNest.set(mounted, this.scoped.get(mounted) ?? '');
      this.scoped.delete(mounted);
      return;
    }
    // A later contract may have another route at this path.
    route.handler = (request, reply) =>
      run(request.rpc!.route === mounted ? pipeline : this.of(request.rpc!.route)!, request, reply);
  }

  /**
   * Returns the pipeline of a route; undefined where Nest has to create a controller, guard or interceptor per request.
   */
  of(route: Route): Pipeline | undefined {
    if (!this.hasHandlers) this.findHandlers();
    const handler = this.handlers.get(route);
    if (handler === undefined) return undefined;
    let pipeline = this.pipelines.get(route);
    if (pipeline === undefined) {
      const steps = this.rpcHandler.steps(route);
      pipeline = compilePipeline({ handler, enhancers: this.enhancers, steps });
      this.pipelines.set(route, pipeline);
    }
    return pipeline;
  }

  /** Throws ConfigError for a route that neither Nest's router nor a pipeline could serve with all its guards. */
  onApplicationBootstrap(): void {
    const problems = [...this.scoped].map(([{ verb, template }, controller]) => ({
      name: 'GATEWAY_MODULES',
      reason: `${controller} is made anew for each request, and ${verb} ${template} is not dispatched by Nest`,
      hint: 'give the controller, its guards and its interceptors the default scope',
    }));
    if (problems.length > 0) throw new ConfigError(problems);
  }

  /** Dispatches templates that the HTTP router cannot express: the matcher finds them, below one catch-all route. */
  private dispatch(unmatched: RouteHandlerMethod): RouteHandlerMethod {
    return (request, reply) => {
      const pipeline = request.rpc && this.of(request.rpc.route);
      if (pipeline === undefined) return unmatched.call(request.server, request, reply);
      return run(pipeline, request, reply);
    };
  }

  /**
   * Compiles the pipelines of routes that came with a later contract, behind the guards, interceptors and filters of the
   * whole application. Throws ConfigError for routes that would be served without one of them.
   */
  private adopt(next: ContractVersion): () => void {
    if (!this.hasHandlers) this.findHandlers();
    const direct = directRoutes(next, this.mounted);
    const covered = [...this.ofNest].find(([route]) => next.byRoute.has(route) && !direct.has(route));
    if (covered !== undefined) throw cannotFollow(covered[1]);
    const added = next.routes.filter(({ route }) => !this.handlers.has(route) && !this.ofNest.has(route));
    if (added.length === 0) return () => undefined;
    const handler = this.commonHandler();
    for (const { route } of added) {
      this.handlers.set(route, handler);
      this.of(route);
    }
    return () => undefined;
  }

  /** Returns the handler for routes without a controller. */
  private commonHandler(): RouteHandler {
    const wrapper = this.discovery.getControllers().find(({ metatype }) => metatype === FallbackController);
    if (wrapper === undefined || !wrapper.isDependencyTreeStatic())
      throw cannotFollow('a guard, interceptor or filter');
    const instance = wrapper.instance as FallbackController;
    return {
      controller: FallbackController,
      instance,
      // oxlint-disable-next-line typescript/unbound-method -- its decorators are read, it is not called
      callback: instance.handle,
      moduleKey: wrapper.host?.token ?? '',
      inquirerId: wrapper.id,
    };
  }

  private findHandlers(): void {
    this.hasHandlers = true;
    for (const { controlled, wrapper } of mountedServices(this.discovery)) {
      const { instance, metatype, host, name: controller, id: inquirerId } = wrapper;
      if (!wrapper.isDependencyTreeStatic()) {
        for (const route of controlled.handlers.keys()) this.scoped.set(route, controller);
        continue;
      }
      for (const [route, name] of controlled.handlers) {
        const callback = (instance as Record<string, RouteHandler['callback']>)[name]!;
        const moduleKey = host?.token ?? '';
        this.handlers.set(route, {
          controller: metatype as RouteHandler['controller'],
          instance,
          callback,
          moduleKey,
          inquirerId,
        });
      }
    }
  }
}

function cannotFollow(what: string): ConfigError {
  return new ConfigError([
    {
      name: 'GATEWAY_DESCRIPTORS',
      reason: `changes routes, and ${what} is made anew for each request, which only a start can arrange for them`,
      hint: 'restart the gateway, or give the controller, its guards and its interceptors the default scope',
    },
  ]);
}

function run(pipeline: Pipeline, request: FastifyRequest, reply: FastifyReply): void {
  // The `route` check of the pre-auth checks has set it.
  pipeline.run(new RpcExchange(request, reply, request.rpc!));
}
