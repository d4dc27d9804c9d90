import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CompiledRoute } from '../contract/compiled-route.js';
import type { CallContext } from '../domain/call-context.js';
import type { RpcMethod } from '../domain/rpc-method.js';
import type { KeptAnswer } from '../traffic/idempotency/idempotency-record.js';
import { sharedContext } from '../traffic/shared-context.js';
import { RateLimiter } from '../traffic/limits/rate-limiter.js';
import { CallStack } from '../traffic/stack.js';
import { accepts, notAcceptable } from '../domain/accept.js';
import { AnswerReader } from './answer-reader.js';
import { JSON_TYPE } from './answer.js';
import { hasTag, sendTagged } from './conditional-answer.js';
import { idempotencyKey, IdempotentRequests } from './idempotent-requests.js';
import { conclude } from './rate-limit.guard.js';
import { readRequest } from './read-request.js';
import type { JsonValue, RpcOverride } from './rpc-call.js';
import { StreamHandler } from './stream/stream-handler.js';
import { routeNotFound } from './route-not-found.js';

/** A request on its way to an upstream, and who reads the answer. */
interface Question {
  readonly rpc: CompiledRoute;
  readonly message: Uint8Array;
  readonly reader: AnswerReader;
}

/** Translates one REST request into one gRPC call and its answer back: what every generated handler does. */
@Injectable()
export class RpcHandler {
  private readonly overrides = new Map<RpcMethod, RpcOverride>();

  constructor(
    private readonly stack: CallStack,
    private readonly streams: StreamHandler,
    private readonly idempotent: IdempotentRequests,
    private readonly limiter: RateLimiter,
  ) {}

  /** Puts an explicit controller method in the place of the generated call. Called at boot. */
  override(method: RpcMethod, override: RpcOverride): void {
    this.overrides.set(method, override);
  }

  async handle(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { call, rpc } = request;
    if (rpc === undefined) throw routeNotFound();
    call.stage = 'decode';
    refuseUnacceptableJson(request, rpc);
    const message = readRequest(request, rpc);
    const denied = this.limiter.checkValues(call, message);
    if (denied !== undefined) conclude(request, reply, await denied);
    call.stage = 'upstream';
    if (rpc.route.method.kind === 'server_stream') return this.streams.handle(request, reply, message);
    const key = idempotencyKey(request);
    if (key !== undefined) return this.sendOnce(request, reply, { rpc, message, key });
    const reader = new AnswerReader(rpc, call);
    const answer = await this.ask(call, { rpc, message, reader });
    call.stage = 'encode';
    const rendered = reader.render(answer);
    refuseUnacceptableBody(request, rpc, rendered);
    sendAnswer(request, reply, rendered);
  }

  private async sendOnce(
    request: FastifyRequest,
    reply: FastifyReply,
    { rpc, message, key }: { readonly rpc: CompiledRoute; readonly message: Uint8Array; readonly key: string },
  ): Promise<void> {
    const { call } = request;
    const keyed = { key, method: rpc.route.method, message };
    const reader = new AnswerReader(rpc, call);
    const { answer, replayed } = await this.idempotent.run(request, keyed, async () =>
      reader.render(await this.askToTheEnd(call, { rpc, message, reader })),
    );
    if (replayed) reply.header('idempotency-replayed', 'true');
    sendAnswer(request, reply, answer);
  }

  private ask(call: CallContext, question: Question): Promise<Uint8Array | JsonValue> {
    const override = this.overrides.get(question.rpc.route.method);
    return override === undefined ? this.send(call, question) : this.runOverride(override, call, question);
  }

  /** Goes on when the client leaves: it comes back with its key to hear what has become of its request. */
  private async askToTheEnd(call: CallContext, question: Question): Promise<Uint8Array | JsonValue> {
    const context = sharedContext(call, call.principal, call.deadlineAt - performance.now());
    const { method, policy, routeLabel, crossTenant, privileged } = call;
    Object.assign(context, { method, policy, routeLabel, crossTenant, privileged });
    try {
      return await this.ask(context, question);
    } finally {
      const { upstream, breakerState, queueMs, fallback } = context;
      Object.assign(call, { upstream, breakerState, queueMs, fallback });
    }
  }

  private send(context: CallContext, { rpc, message, reader }: Question): Promise<Uint8Array> {
    const { method } = rpc.route;
    return this.stack.unary({ context, method, request: message, deadlineAt: context.deadlineAt, reader });
  }

  private runOverride(
    override: RpcOverride,
    context: CallContext,
    question: Question,
  ): Promise<Uint8Array | JsonValue> {
    const { rpc, message: request } = question;
    const send = (message = request) => this.send(context, { ...question, message });
    return override({ context, method: rpc.route.method, request, send });
  }
}

/** Refuses before anything has been done. Streams negotiate their format on their own. */
function refuseUnacceptableJson({ headers }: FastifyRequest, { route, httpBody }: CompiledRoute): void {
  const { kind, policy } = route.method;
  if (httpBody !== undefined || kind === 'server_stream' || policy.successStatus === 204) return;
  if (!accepts(headers.accept, JSON_TYPE)) throw notAcceptable([JSON_TYPE]);
}

/** The upstream says what a raw body is. What a write has done is told all the same (RFC 9110 15.5.7). */
function refuseUnacceptableBody({ headers }: FastifyRequest, rpc: CompiledRoute, { contentType }: KeptAnswer): void {
  if (rpc.httpBody === undefined || !rpc.route.method.readOnly || contentType === '') return;
  if (!accepts(headers.accept, contentType)) throw notAcceptable([contentType]);
}

function sendAnswer(request: FastifyRequest, reply: FastifyReply, { status, contentType, body }: KeptAnswer): void {
  const { call, rpc } = request;
  reply.code(status);
  if (call.fallback !== '') reply.header('x-gateway-fallback', call.fallback);
  if (contentType === '') return void reply.send();
  reply.header('content-type', contentType);
  if (rpc !== undefined && hasTag(request, rpc.route.method)) sendTagged(request, reply, body);
  else void reply.send(body);
}
