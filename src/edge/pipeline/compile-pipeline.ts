import { ForbiddenException, type CanActivate, type NestInterceptor } from '@nestjs/common';
import { NO_SPAN } from '../../domain/span-record.js';
import { GatewayGuard } from '../../access/gateway-guard.js';
import { GatewayInterceptor } from '../gateway-interceptor.js';
import { toResponse } from '../answer.js';
import type { Enhancers, RouteHandler } from './enhancers.js';
import { Pipeline, runSteps, type Step } from './pipeline.js';
import type { RpcExchange } from './rpc-exchange.js';

/** What the pipeline of a generated route is made of. */
interface PipelineParts {
  readonly handler: RouteHandler;
  readonly enhancers: Enhancers;
  /** What Nest would call the handler; the last of them sends the response. */
  readonly steps: readonly Step[];
}

/** Lists what a request on a route goes through, in the order that Nest's router would have: guards, interceptors, handler. */
export function compilePipeline({ handler, enhancers, steps }: PipelineParts): Pipeline {
  const guards = enhancers.guards(handler).map((guard) => guardStep(guard, handler, enhancers));
  const interceptors = enhancers.interceptors(handler);
  const foreignAt = interceptors.findIndex((interceptor) => !(interceptor instanceof GatewayInterceptor));
  const own = foreignAt === -1 ? interceptors : interceptors.slice(0, foreignAt);
  const [core, send] = [steps.slice(0, -1), steps.slice(-1)];
  const rest = foreignAt === -1 ? core : [around(interceptors.slice(foreignAt), handler, enhancers, core)];
  const gates = [...guards, ...own.map((each) => interceptorStep(each as GatewayInterceptor))];
  return new Pipeline([...gates, ...rest, ...send], enhancers.filters(handler));
}

function guardStep(guard: CanActivate, handler: RouteHandler, enhancers: Enhancers): Step {
  const { name } = guard.constructor;
  if (guard instanceof GatewayGuard) {
    return { name, stage: 'auth', span: guard.span, run: ({ request }) => guard.before(request) };
  }
  const run = async (exchange: RpcExchange) => {
    if (!(await enhancers.activate(guard, handler, exchange))) throw new ForbiddenException('Forbidden resource');
  };
  return { name, stage: 'auth', span: NO_SPAN, run };
}

function interceptorStep(interceptor: GatewayInterceptor): Step {
  const { name } = interceptor.constructor;
  const { span } = interceptor;
  return { name, stage: 'limits', span, run: ({ request, reply }) => interceptor.before(request, reply) };
}

/**
 * An interceptor of an adopter's, and all that follow it, around the rest of the way: Nest runs them with an Observable
 * of the response. What comes out of them last is what is sent.
 */
function around(
  interceptors: NestInterceptor[],
  handler: RouteHandler,
  enhancers: Enhancers,
  core: readonly Step[],
): Step {
  const run = async (exchange: RpcExchange) => {
    const value = await enhancers.intercept(interceptors, handler, exchange, async () => {
      await runSteps(core, exchange);
      return exchange.response;
    });
    if (value !== exchange.response) exchange.response = toResponse(value, exchange.rpc);
  };
  const [name = '', ...inner] = [
    ...interceptors.map((each) => each.constructor.name),
    ...core.map((step) => step.name),
  ];
  return { name, inner, stage: 'interceptors', span: NO_SPAN, run };
}
