import { ForbiddenException, type CanActivate, type NestInterceptor } from '@nestjs/common';
import { NO_SPAN } from '../../domain/span-record.js';
import { GatewayGuard } from '../../access/gateway-guard.js';
import { GatewayInterceptor } from '../gateway-interceptor.js';
import { isStreamed, toResponse } from '../response.js';
import { CallHandler } from './call-handler.js';
import { nameOf, type Enhancers, type RouteHandler } from './enhancers.js';
import { lastValue } from './last-value.js';
import { Pipeline, type Step } from './pipeline.js';
import type { RpcExchange } from './rpc-exchange.js';

/** Parts of the pipeline of a generated route. */
interface PipelineParts {
  readonly handler: RouteHandler;
  readonly enhancers: Enhancers;
  /** Steps that Nest would call the handler; the last one sends the response. */
  readonly steps: readonly Step[];
}

/** Compiles what a request on a route goes through, in the order of Nest's router: guards, interceptors, handler. */
export function compilePipeline({ handler, enhancers, steps }: PipelineParts): Pipeline {
  const guards = enhancers.guards(handler).map((guard) => guardStep(guard, handler, enhancers));
  const interceptors = enhancers.interceptors(handler);
  const foreignAt = interceptors.findIndex((interceptor) => !isGateways(interceptor));
  const own = foreignAt === -1 ? interceptors : interceptors.slice(0, foreignAt);
  const [core, send] = [steps.slice(0, -1), steps.slice(-1)];
  const rest = foreignAt === -1 ? core : [around(interceptors.slice(foreignAt), handler, enhancers, core)];
  const gates = [...guards, ...own.map((each) => interceptorStep(each as GatewayInterceptor))];
  return new Pipeline([...gates, ...rest, ...send], enhancers.filters(handler));
}

/**
 * Returns whether an interceptor is one of the gateway's own. An adopter's subclass that overrides Nest's `intercept`
 * is called through that method.
 */
function isGateways(interceptor: NestInterceptor): boolean {
  return interceptor instanceof GatewayInterceptor && interceptor.intercept === GatewayInterceptor.prototype.intercept;
}

function guardStep(guard: CanActivate, handler: RouteHandler, enhancers: Enhancers): Step {
  const name = nameOf(guard);
  if (guard instanceof GatewayGuard && guard.canActivate === GatewayGuard.prototype.canActivate) {
    return { name, stage: 'auth', span: guard.span, run: ({ request }) => guard.before(request) };
  }
  const settle = (mayPass: unknown): void => {
    if (!mayPass) throw new ForbiddenException('Forbidden resource');
  };
  const run = (exchange: RpcExchange) => {
    const outcome = guard.canActivate(enhancers.context(handler, exchange));
    if (typeof outcome === 'boolean') return settle(outcome);
    const { signal, deadlineAt } = exchange.call;
    return lastValue(outcome, { signal, deadlineAt, who: name }).then(settle);
  };
  return { name, stage: 'auth', span: NO_SPAN, run };
}

function interceptorStep(interceptor: GatewayInterceptor): Step {
  return {
    name: nameOf(interceptor),
    stage: 'limits',
    span: interceptor.span,
    run: ({ request, reply }) => interceptor.before(request, reply),
  };
}

/**
 * Wraps an adopter's interceptor, and all that follow it, around the remaining steps: Nest runs them with an Observable
 * of the response. Their last value is sent.
 */
function around(
  interceptors: NestInterceptor[],
  handler: RouteHandler,
  enhancers: Enhancers,
  core: readonly Step[],
): Step {
  const [name = '', ...others] = interceptors.map(nameOf);
  const run = async (exchange: RpcExchange) => {
    const { call, reply, rpc } = exchange;
    const { kind, policy } = rpc.route.method;
    const isStream = kind === 'server_stream';
    const rest = new CallHandler(exchange, core);
    // As Nest does, so that an interceptor may set another status.
    reply.code(policy.successStatus);
    try {
      const patience = {
        signal: call.signal,
        deadlineAt: isStream ? call.clientDeadlineAt : call.deadlineAt,
        who: name,
      };
      const value = await lastValue(enhancers.intercept(interceptors, handler, exchange, rest.begin), patience);
      if (isStreamed(value)) return enhancers.reply(reply, value);
      exchange.response = toResponse(value, exchange);
    } catch (error) {
      // Interceptors that no longer wait for a stream which has begun leave it unchanged.
      if (rest.stream === undefined) throw error;
      await rest.stream;
    }
  };
  return { name, inner: [...others, ...core.map((step) => step.name)], stage: 'interceptors', span: NO_SPAN, run };
}
