import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { FastifyReply, FastifyRequest, RouteHandlerMethod, RouteOptions } from 'fastify';
import { ConfigError } from '../../config/config-error.js';
import type { Route } from '../../contract/route.js';
import { mountedServices } from '../mounted-services.js';
import { RpcHandler } from '../rpc-handler.js';
import { compilePipeline } from './compile-pipeline.js';
import { Enhancers, type RouteHandler } from './enhancers.js';
import type { Pipeline } from './pipeline.js';
import { RpcExchange } from './rpc-exchange.js';

/**
 * Puts the compiled pipeline of each generated route in the place of Nest's router context, which costs a request about
 * a tenth of its CPU time (docs/decisions/0028). Routes written by hand keep Nest's.
 */
@Injectable()
export class Pipelines implements OnApplicationBootstrap {
  private readonly handlers = new Map<Route, RouteHandler>();
  /** Routes that Nest's router context serves: it makes something of them anew for each request. */
  private readonly scoped = new Map<Route, string>();
  private readonly pipelines = new Map<Route, Pipeline>();

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly enhancers: Enhancers,
    private readonly rpcHandler: RpcHandler,
  ) {}

  /** To be called once the application is made, before Nest mounts its routes: see `watchFilters`. */
  watchFilters(): void {
    this.enhancers.watchFilters();
  }

  /** Fastify `onRoute`: Nest mounts its routes after all modules are initialized. */
  mount(route: RouteOptions): void {
    const { config, handler } = route;
    if (config?.fallback === true) route.handler = this.dispatch(handler);
    if (config?.rpcRoute === undefined) return;
    this.scoped.delete(config.rpcRoute);
    const pipeline = this.of(config.rpcRoute);
    if (pipeline !== undefined) route.handler = (request, reply) => run(pipeline, request, reply);
  }

  /** Returns the pipeline of a route; undefined where Nest has to make a controller, guard or interceptor for each request. */
  of(route: Route): Pipeline | undefined {
    if (this.handlers.size === 0) this.findHandlers();
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

  /** Templates that the HTTP router cannot hold are found by the matcher, below one route that takes everything. */
  private dispatch(unmatched: RouteHandlerMethod): RouteHandlerMethod {
    return (request, reply) => {
      const pipeline = request.rpc && this.of(request.rpc.route);
      if (pipeline === undefined) return unmatched.call(request.server, request, reply);
      return run(pipeline, request, reply);
    };
  }

  private findHandlers(): void {
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

function run(pipeline: Pipeline, request: FastifyRequest, reply: FastifyReply): void {
  // The step `route` of the checks before it has found it.
  pipeline.run(new RpcExchange(request, reply, request.rpc!));
}
