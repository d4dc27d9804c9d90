import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Route } from '../contract/route.js';
import type { CallContext } from '../domain/call-context.js';
import type { RpcMethod } from '../domain/rpc-method.js';
import type { KeptAnswer } from '../traffic/idempotency/idempotency-record.js';
import { sharedContext } from '../traffic/shared-context.js';
import { CallStack } from '../traffic/stack.js';
import { accepts, notAcceptable } from '../domain/accept.js';
import { AnswerReader } from './answer-reader.js';
import { JSON_TYPE } from './answer.js';
import { hasTag, sendTagged } from './conditional-answer.js';
import { idempotencyKey, IdempotentRequests } from './idempotent-requests.js';
import { runSteps, type Step } from './pipeline/pipeline.js';
import { RpcExchange } from './pipeline/rpc-exchange.js';
import { RateLimitInterceptor } from './rate-limit.interceptor.js';
import { readRequest } from './read-request.js';
import { routeNotFound } from './route-not-found.js';
import type { JsonValue, RpcOverride } from './rpc-call.js';
import { StreamHandler } from './stream/stream-handler.js';

/** What every generated route does between its interceptors and its client: one REST request becomes one gRPC call, and its response the answer. */
@Injectable()
export class RpcHandler {
  private readonly overrides = new Map<RpcMethod, RpcOverride>();
  private readonly decode: Step = { name: 'decode', stage: 'decode', run: decode };
  private readonly checkValues: Step = {
    name: 'value-limits',
    stage: 'limits',
    run: ({ request, reply, message }) => this.limits.checkValues(request, reply, message),
  };
  private readonly stream: Step = {
    name: 'call',
    stage: 'upstream',
    run: ({ request, reply, message }) => this.streams.handle(request, reply, message),
  };
  private readonly call: Step = { name: 'call', stage: 'upstream', run: (exchange) => this.answer(exchange) };
  private readonly encode: Step = { name: 'encode', stage: 'encode', run: encode };
  private readonly send: Step = { name: 'send', stage: 'encode', run: send };

  constructor(
    private readonly stack: CallStack,
    private readonly streams: StreamHandler,
    private readonly idempotent: IdempotentRequests,
    private readonly limits: RateLimitInterceptor,
  ) {}

  /** Puts an explicit controller method in the place of the generated call. Called at boot. */
  override(method: RpcMethod, override: RpcOverride): void {
    this.overrides.set(method, override);
  }

  /** Returns the steps from the request to the response, and the one that sends it. */
  steps({ method }: Route): { readonly core: readonly Step[]; readonly send: Step } {
    const values = method.keyedRates === undefined || method.keyedRates.length === 0 ? [] : [this.checkValues];
    const call = method.kind === 'server_stream' ? [this.stream] : [this.call, this.encode];
    return { core: [this.decode, ...values, ...call], send: this.send };
  }

  /** Does the same behind guards and interceptors that Nest has run. */
  async handle(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (request.rpc === undefined) throw routeNotFound();
    const exchange = new RpcExchange(request, reply, request.rpc);
    const { core, send: last } = this.steps(request.rpc.route);
    await runSteps([...core, last], exchange);
  }

  /** Resolves to the message of the response, unless the whole answer is known. */
  private answer(exchange: RpcExchange): Promise<Uint8Array | JsonValue | void> {
    const key = idempotencyKey(exchange.request);
    exchange.reader = new AnswerReader(exchange.rpc, exchange.call);
    return key === undefined ? this.ask(exchange.call, exchange) : this.answerOnce(exchange, key);
  }

  private async answerOnce(exchange: RpcExchange, key: string): Promise<void> {
    const { request, reply, rpc, message, reader } = exchange;
    const keyed = { key, method: rpc.route.method, message };
    const { answer, replayed } = await this.idempotent.run(request, keyed, async () =>
      reader!.render(await this.askToTheEnd(exchange)),
    );
    if (replayed) reply.header('idempotency-replayed', 'true');
    exchange.response = answer;
  }

  private ask(context: CallContext, exchange: RpcExchange): Promise<Uint8Array | JsonValue> {
    const { method } = exchange.rpc.route;
    const override = this.overrides.get(method);
    if (override === undefined) return this.callUpstream(context, exchange, exchange.message);
    const { message: request } = exchange;
    const callUpstream = (message = request) => this.callUpstream(context, exchange, message);
    return override({ context, method, request, send: callUpstream });
  }

  /** Goes on when the client leaves: it comes back with its key to hear what has become of its request. */
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

  private callUpstream(context: CallContext, { rpc, reader }: RpcExchange, request: Uint8Array): Promise<Uint8Array> {
    return this.stack.unary({ context, method: rpc.route.method, request, deadlineAt: context.deadlineAt, reader });
  }
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

/** Refuses before anything has been done. Streams negotiate their format on their own. */
function refuseUnacceptableJson({ headers }: FastifyRequest, { rpc: { route, httpBody } }: RpcExchange): void {
  const { kind, policy } = route.method;
  if (httpBody !== undefined || kind === 'server_stream' || policy.successStatus === 204) return;
  if (!accepts(headers.accept, JSON_TYPE)) throw notAcceptable([JSON_TYPE]);
}

/** The upstream says what a raw body is. What a write has done is told all the same (RFC 9110 15.5.7). */
function refuseUnacceptableBody({ headers }: FastifyRequest, { rpc }: RpcExchange, { contentType }: KeptAnswer): void {
  if (!rpc.route.method.readOnly || contentType === '') return;
  if (!accepts(headers.accept, contentType)) throw notAcceptable([contentType]);
}

function send({ request, reply, call, rpc, response }: RpcExchange): void {
  if (response === undefined) return;
  const { status, contentType, body } = response;
  reply.code(status);
  if (call.fallback !== '') reply.header('x-gateway-fallback', call.fallback);
  if (contentType === '') return void reply.send();
  reply.header('content-type', contentType);
  if (hasTag(request, rpc.route.method)) sendTagged(request, reply, body);
  else void reply.send(body);
}
