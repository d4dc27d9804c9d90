import { Injectable, type CanActivate, type ExecutionContext, type NestInterceptor, type Type } from '@nestjs/common';
import {
  type AbstractHttpAdapter,
  ApplicationConfig,
  HttpAdapterHost,
  ModulesContainer,
  type NestContainer,
} from '@nestjs/core';
import {
  ExecutionContextHost,
  GuardsContextCreator,
  InterceptorsConsumer,
  InterceptorsContextCreator,
  STATIC_CONTEXT,
} from '@nestjs/core/internal';
import { RouterExceptionFilters } from '@nestjs/core/router/router-exception-filters.js';
import { sendProblem } from '../problem.filter.js';
import { toGatewayError } from '../to-gateway-error.js';
import type { FastifyReply } from 'fastify';
import { watchFilters } from './filter-watch.js';
import type { RpcExchange } from './rpc-exchange.js';

/** The method of a controller that represents a generated route in Nest's container: decorators are read from it. */
export interface RouteHandler {
  readonly controller: Type;
  readonly instance: object;
  readonly callback: Function;
  /** Key of the module that declares the controller. */
  readonly moduleKey: string;
  /** Id of the controller in the container: each controller has its own instances of transient providers. */
  readonly inquirerId: string;
}

/**
 * Finds the guards, interceptors and filters of a handler as Nest's router does: those of the whole application first,
 * then those of the controller, then those of the method.
 */
@Injectable()
export class Enhancers {
  private readonly guardsOf: GuardsContextCreator;
  private readonly interceptorsOf: InterceptorsContextCreator;
  private readonly filtersOf: RouterExceptionFilters;
  private readonly interceptorRunner = new InterceptorsConsumer();
  /** See {@link watchFilters}. Must be called before Nest mounts a route. */
  readonly watchFilters: () => void;
  private readonly httpAdapter: AbstractHttpAdapter;

  constructor(modules: ModulesContainer, config: ApplicationConfig, { httpAdapter }: HttpAdapterHost) {
    // These read only this part of the container; the container itself cannot be injected.
    const container = { getModules: () => modules } as NestContainer;
    this.guardsOf = new GuardsContextCreator(container, config);
    this.interceptorsOf = new InterceptorsContextCreator(container, config);
    this.httpAdapter = httpAdapter;
    this.watchFilters = () => watchFilters(modules, config);
    this.filtersOf = new RouterExceptionFilters(container, config, httpAdapter);
  }

  guards({ instance, callback, moduleKey, inquirerId }: RouteHandler): CanActivate[] {
    return this.guardsOf.create(instance, callback as never, moduleKey, STATIC_CONTEXT, inquirerId);
  }

  interceptors({ instance, callback, moduleKey, inquirerId }: RouteHandler): NestInterceptor[] {
    return this.interceptorsOf.create(instance, callback as never, moduleKey, STATIC_CONTEXT, inquirerId);
  }

  /** Returns the handler of failed requests: it calls the filter that catches the error. */
  filters({
    controller,
    instance,
    callback,
    moduleKey,
    inquirerId,
  }: RouteHandler): (error: unknown, exchange: RpcExchange) => void {
    const filters = this.filtersOf.create(instance, callback as never, moduleKey, STATIC_CONTEXT, inquirerId);
    return (error, { request, reply }) => {
      try {
        filters.next(error as Error, new ExecutionContextHost([request, reply], controller, callback));
      } catch (failure) {
        sendProblem(request, reply, toGatewayError(failure));
      }
    };
  }

  /** Returns the execution context that Nest passes to guards and interceptors. */
  context({ controller, callback }: RouteHandler, { request, reply }: RpcExchange): ExecutionContext {
    return new ExecutionContextHost([request, reply], controller, callback);
  }

  /** Runs interceptors around `next`. Resolves to the Observable that they return. */
  intercept(
    interceptors: NestInterceptor[],
    { instance, callback }: RouteHandler,
    { request, reply }: RpcExchange,
    next: () => Promise<unknown>,
  ): Promise<unknown> {
    return this.interceptorRunner.intercept(interceptors, [request, reply], instance, callback as never, next, 'http');
  }

  /** Sends a body that only Nest can send. */
  async reply(reply: FastifyReply, body: unknown): Promise<void> {
    await this.httpAdapter.reply(reply, body);
  }
}

/** Returns the name of the class of a guard, interceptor or filter, or of the class itself. */
export function nameOf(enhancer: object): string {
  return typeof enhancer === 'function' ? enhancer.name : (enhancer.constructor?.name ?? 'Object');
}
