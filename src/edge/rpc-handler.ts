import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GATEWAY_CONFIG } from '../config/config.token.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import type { Route } from '../contract/route.js';
import type { CallContext } from '../domain/call-context.js';
import type { RpcMethod } from '../domain/rpc-method.js';
import { AFTER_STEPS, NO_SPAN } from '../domain/span-record.js';
import type { StoredResponse } from '../traffic/idempotency/idempotency-record.js';
import { sharedContext } from '../traffic/shared-context.js';
import { CallStack } from '../traffic/stack.js';
import { accepts, notAcceptable } from '../domain/accept.js';
import { RenderedResponseReader } from './rendered-response-reader.js';
import { JSON_TYPE, toResponse } from './response.js';
import { Compression } from './compression/compression.js';
import { idempotencyKey, IdempotentRequests } from './idempotent-requests.js';
import { asPrecondition, compileIfMatch } from './if-match.js';
import { runSteps, type Step } from './pipeline/pipeline.js';
import { RpcExchange } from './pipeline/rpc-exchange.js';
import { RateLimitInterceptor } from './rate-limit.interceptor.js';
import { readRequest } from './request-body.js';
import { ResumableHandler } from './resume/resumable-handler.js';
import { routeNotFound } from './route-not-found.js';
import type { JsonValue, RpcOverride } from './rpc-call.js';
import { compressedSend, sendResponse } from './send-response.js';
import { writeServerTiming } from './common-headers.js';
import { StreamHandler } from './stream/stream-handler.js';

/** A step between the interceptors of a generated route and its client. */
export type HandlerStep = 'decode' | 'if-match' | 'value-limits' | 'call' | 'encode' | 'send';

/** Lists the steps of a route after its interceptors have let a request pass. */
export function handlerSteps({ method }: Route): readonly HandlerStep[] {
  const countsValues = method.keyedRates !== undefined && method.keyedRates.length > 0;
  const isConditional = method.policy.etag?.requestField !== undefined;
  const call = method.kind === 'server_stream' ? (['call'] as const) : (['call', 'encode'] as const);
  return [
    'decode',
    ...(isConditional ? (['if-match'] as const) : []),
    ...(countsValues ? (['value-limits'] as const) : []),
    ...call,
    'send',
  ];
}

/**
 * Runs what every generated route does between its interceptors and its client: one REST request becomes one gRPC call,
 * and its response becomes the HTTP response.
 */
@Injectable()
export class RpcHandler {
  @Inject(Compression) private readonly compression!: Compression;
  @Inject(ResumableHandler) private readonly resumable!: ResumableHandler;
  @Inject(GATEWAY_CONFIG) private readonly config!: Pick<GatewayConfig, 'server'>;
  private readonly overrides = new Map<RpcMethod, RpcOverride>();
  private readonly named: Readonly<Record<HandlerStep, Step>> = {
    decode: { name: 'decode', stage: 'decode', span: AFTER_STEPS, run: decode },
    // Those of a route are compiled with it.
    'if-match': { name: 'if-match', stage: 'decode', span: NO_SPAN, run: () => undefined },
    'value-limits': {
      name: 'value-limits',
      stage: 'limits',
      span: NO_SPAN,
      run: (exchange) => this.checkValues(exchange),
    },
    call: { name: 'call', stage: 'upstream', span: NO_SPAN, run: (exchange) => this.call(exchange) },
    encode: { name: 'encode', stage: 'encode', span: NO_SPAN, run: encode },
    send: { name: 'send', stage: 'encode', span: NO_SPAN, run: sendResponse },
  };

  constructor(
    private readonly stack: CallStack,
    private readonly streams: StreamHandler,
    private readonly idempotent: IdempotentRequests,
    private readonly limits: RateLimitInterceptor,
  ) {}

  /** Replaces the generated call by an explicit controller method. Called at boot. */
  override(method: RpcMethod, override: RpcOverride): void {
    this.overrides.set(method, override);
  }

  /** Returns the steps of a route after its interceptors: see {@link handlerSteps}. */
  steps(route: Route): readonly Step[] {
    const steps = this.conditional(
      route,
      handlerSteps(route).map((name) => this.named[name]),
    );
    if (route.method.kind === 'server_stream') return steps;
    return [...steps.slice(0, -1), this.sendStep(route)];
  }

  /**
   * Returns the steps with those added that the policy of a route asks for: `If-Match` checked by the backend, or a
   * resumable stream.
   */
  private conditional(route: Route, steps: readonly Step[]): readonly Step[] {
    const run = compileIfMatch(route);
    if (route.method.policy.stream.resume !== undefined) {
      const resume = (exchange: RpcExchange) => this.resumable.handle(exchange);
      return steps.map((step) => (step.name === 'call' ? { ...step, run: resume } : step));
    }
    if (run === undefined) return steps;
    const call = (exchange: RpcExchange) =>
      this.call(exchange).catch((error: unknown) => {
        throw asPrecondition(error, exchange);
      });
    return steps.map((step) => {
      if (step.name === 'if-match') return { ...step, run };
      return step.name === 'call' ? { ...step, run: call } : step;
    });
  }

  /** Returns the last step, with compression if the settings ask for it. */
  private sendStep(route: Route): Step {
    const run = this.compression.covers(route) ? compressedSend(this.compression) : sendResponse;
    if (!this.config.server.serverTiming) return { ...this.named.send, run };
    const timed = (exchange: RpcExchange) => {
      if (!exchange.reply.sent) writeServerTiming(exchange.reply, exchange.call);
      return run(exchange);
    };
    return { ...this.named.send, run: timed };
  }

  /**
   * Runs the same steps after guards and interceptors that Nest has run, except for the last one: see {@link
   * sendResult}.
   */
  async handle(request: FastifyRequest, reply: FastifyReply): Promise<StoredResponse | undefined> {
    if (request.rpc === undefined) throw routeNotFound();
    const exchange = new RpcExchange(request, reply, request.rpc);
    await runSteps(this.steps(request.rpc.route).slice(0, -1), exchange);
    return exchange.response;
  }

  private checkValues({ request, reply, message }: RpcExchange): void | Promise<void> {
    return this.limits.checkValues(request, reply, message);
  }

  /**
   * Resolves to the response message; to undefined for a stream, which sends itself, and where the complete response is
   * known.
   */
  private call(exchange: RpcExchange): Promise<Uint8Array | JsonValue | void> {
    if (exchange.rpc.route.method.kind === 'server_stream') return this.streams.handle(exchange);
    const key = idempotencyKey(exchange.request);
    exchange.reader = new RenderedResponseReader(exchange.rpc, exchange.call);
    return key === undefined ? this.ask(exchange.call, exchange) : this.answerOnce(exchange, key);
  }

  private async answerOnce(exchange: RpcExchange, key: string): Promise<void> {
    const { request, reply, rpc, message, reader } = exchange;
    const keyed = { key, method: rpc.route.method, message };
    const { response, replayed } = await this.idempotent.run(request, keyed, async () =>
      reader!.render(await this.askToTheEnd(exchange)),
    );
    if (replayed) reply.header('idempotency-replayed', 'true');
    exchange.response = response;
  }

  private ask(context: CallContext, exchange: RpcExchange): Promise<Uint8Array | JsonValue> {
    const { method } = exchange.rpc.route;
    const override = this.overrides.get(method);
    if (override === undefined) return this.callUpstream(context, exchange, exchange.message);
    const { message: request } = exchange;
    const callUpstream = (message = request) => this.callUpstream(context, exchange, message);
    return override({
      context,
      method,
      request,
      signal: ownSignal(context, exchange) ?? context.signal,
      send: callUpstream,
    });
  }

  /** Continues the call when the client leaves, because it may retry with its key to learn the result. */
  private async askToTheEnd(exchange: RpcExchange): Promise<Uint8Array | JsonValue> {
    const { call } = exchange;
    const context = sharedContext(call, call.principal, call.deadlineAt - performance.now());
    const { method, policy, routeLabel, crossTenant, privileged } = call;
    Object.assign(context, { method, policy, routeLabel, crossTenant, privileged });
    call.passPermitTo(context);
    try {
      return await this.ask(context, exchange);
    } finally {
      context.releasePermit();
      const { upstream, breakerState, queueMs, fallback, guardrail } = context;
      Object.assign(call, { upstream, breakerState, queueMs, fallback, guardrail });
    }
  }

  private callUpstream(context: CallContext, exchange: RpcExchange, request: Uint8Array): Promise<Uint8Array> {
    const { rpc, reader } = exchange;
    const { deadlineAt } = context;
    const signal = ownSignal(context, exchange);
    return this.stack.unary({ context, method: rpc.route.method, request, deadlineAt, reader, signal });
  }
}

/** Sends the result of the interceptors of a generated route in Nest's router context. */
export function sendResult(result: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const exchange = new RpcExchange(request, reply, request.rpc!);
  exchange.response = toResponse(result, exchange);
  sendResponse(exchange);
}

/** Returns the signal that cancels the calls of an exchange; undefined for a call in a context of its own. */
function ownSignal(context: CallContext, { call, signal }: RpcExchange): AbortSignal | undefined {
  return context === call ? signal : undefined;
}

function decode(exchange: RpcExchange): void {
  const { request, rpc } = exchange;
  refuseUnacceptableJson(request, exchange);
  exchange.message = readRequest(request, rpc);
}

function encode(exchange: RpcExchange): void {
  const { request, rpc, reader, settled } = exchange;
  const response = (exchange.response ??= reader!.render(settled as Uint8Array | JsonValue));
  if (rpc.httpBody !== undefined) refuseUnacceptableBody(request, exchange, response);
}

/** Refuses a client that does not accept JSON, before anything is done. Streams negotiate their format. */
function refuseUnacceptableJson({ headers }: FastifyRequest, { rpc: { route, httpBody } }: RpcExchange): void {
  const { kind, policy } = route.method;
  if (httpBody !== undefined || kind === 'server_stream' || policy.successStatus === 204) return;
  if (!accepts(headers.accept, JSON_TYPE)) throw notAcceptable([JSON_TYPE]);
}

/**
 * Refuses a body whose media type, which the upstream sets, the client does not accept. The result of a write is sent
 * in any case (RFC 9110 15.5.7).
 */
function refuseUnacceptableBody(
  { headers }: FastifyRequest,
  { rpc }: RpcExchange,
  { contentType }: StoredResponse,
): void {
  if (!rpc.route.method.readOnly || contentType === '') return;
  if (!accepts(headers.accept, contentType)) throw notAcceptable([contentType]);
}
