import { Injectable, type CanActivate, type NestInterceptor, type Type } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer, type NestContainer } from '@nestjs/core';
import {
  ExecutionContextHost,
  GuardsConsumer,
  GuardsContextCreator,
  InterceptorsConsumer,
  InterceptorsContextCreator,
} from '@nestjs/core/internal';
import { RouterExceptionFilters } from '@nestjs/core/router/router-exception-filters.js';
import { RouterResponseController } from '@nestjs/core/router/router-response-controller.js';
import { GatewayError } from '../../domain/errors.js';
import { sendProblem } from '../problem.filter.js';
import type { RpcExchange } from './rpc-exchange.js';

/** The method of a controller that stands for a generated route in Nest's container: its decorators are read from there. */
export interface RouteHandler {
  readonly controller: Type;
  readonly instance: object;
  readonly callback: Function;
  /** Key of the module that declares the controller. */
  readonly moduleKey: string;
}

/**
 * Finds the guards, interceptors and filters of a handler as Nest's router does: those of the whole application first,
 * then those of the controller, then those of the method. Those of others than the gateway are run by Nest's own code.
 */
@Injectable()
export class Enhancers {
  private readonly guardsOf: GuardsContextCreator;
  private readonly interceptorsOf: InterceptorsContextCreator;
  private readonly filtersOf: RouterExceptionFilters;
  private readonly guardRunner = new GuardsConsumer();
  private readonly interceptorRunner = new InterceptorsConsumer();
  private readonly results: RouterResponseController;

  constructor(modules: ModulesContainer, config: ApplicationConfig, { httpAdapter }: HttpAdapterHost) {
    // All that these read of the container; the container itself cannot be injected.
    const container = { getModules: () => modules } as NestContainer;
    this.guardsOf = new GuardsContextCreator(container, config);
    this.interceptorsOf = new InterceptorsContextCreator(container, config);
    this.results = new RouterResponseController(httpAdapter);
    this.filtersOf = new RouterExceptionFilters(container, config, httpAdapter);
  }

  guards({ instance, callback, moduleKey }: RouteHandler): CanActivate[] {
    return this.guardsOf.create(instance, callback as never, moduleKey);
  }

  interceptors({ instance, callback, moduleKey }: RouteHandler): NestInterceptor[] {
    return this.interceptorsOf.create(instance, callback as never, moduleKey);
  }

  /** Returns what answers a request that failed: the filter that takes its error. */
  filters({
    controller,
    instance,
    callback,
    moduleKey,
  }: RouteHandler): (error: unknown, exchange: RpcExchange) => void {
    const filters = this.filtersOf.create(instance, callback as never, moduleKey);
    return (error, { request, reply }) => {
      try {
        filters.next(error as Error, new ExecutionContextHost([request, reply], controller, callback));
      } catch (failure) {
        sendProblem(request, reply, GatewayError.from(failure));
      }
    };
  }

  /** Asks a guard that is not the gateway's. */
  activate(guard: CanActivate, { instance, callback }: RouteHandler, exchange: RpcExchange): Promise<boolean> {
    const args = [exchange.request, exchange.reply];
    return this.guardRunner.tryActivate([guard], args, instance as never, callback as never, 'http');
  }

  /** Runs interceptors around `next` and resolves to what comes out of them last. */
  async intercept(
    interceptors: NestInterceptor[],
    { instance, callback }: RouteHandler,
    { request, reply }: RpcExchange,
    next: () => Promise<unknown>,
  ): Promise<unknown> {
    const { interceptorRunner, results } = this;
    const args = [request, reply];
    const outcome: unknown = await interceptorRunner.intercept(
      interceptors,
      args,
      instance,
      callback as never,
      next,
      'http',
    );
    return results.transformToResult(outcome);
  }
}
