import { fromBinary } from '@bufbuild/protobuf';
import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CompiledRoute } from '../contract/compiled-route.js';
import type { CallContext } from '../domain/call-context.js';
import { GatewayError } from '../domain/errors.js';
import type { RpcMethod } from '../domain/rpc-method.js';
import { HttpBodySchema } from '../gen/google/api/httpbody_pb.js';
import { CallStack } from '../traffic/stack.js';
import { allowedTenant } from './allowed-tenant.js';
import { hasTag, sendTagged } from './conditional-answer.js';
import { readRequest } from './read-request.js';
import type { JsonValue, RpcOverride } from './rpc-call.js';
import { StreamHandler } from './stream/stream-handler.js';

const JSON_TYPE = 'application/json; charset=utf-8';

/** Translates one REST request into one gRPC call and its answer back: what every generated handler does. */
@Injectable()
export class RpcHandler {
  private readonly overrides = new Map<RpcMethod, RpcOverride>();

  constructor(
    private readonly stack: CallStack,
    private readonly streams: StreamHandler,
  ) {}

  /** Puts an explicit controller method in the place of the generated call. Called at boot. */
  override(method: RpcMethod, override: RpcOverride): void {
    this.overrides.set(method, override);
  }

  async handle(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { call, rpc } = request;
    if (rpc === undefined) throw new GatewayError('ROUTE_NOT_FOUND', 'No route has this path.');
    call.stage = 'decode';
    const message = readRequest(request, rpc);
    call.stage = 'upstream';
    if (rpc.route.method.kind === 'server_stream') return this.streams.handle(request, reply, message);
    const override = this.overrides.get(rpc.route.method);
    const answer =
      override === undefined ? this.send(call, rpc, message) : this.runOverride(override, call, rpc, message);
    const response = await answer;
    call.stage = 'encode';
    sendAnswer(request, reply, rpc, response);
  }

  private send(context: CallContext, { route }: CompiledRoute, request: Uint8Array): Promise<Uint8Array> {
    return this.stack.unary({ context, method: route.method, request, deadlineAt: context.deadlineAt });
  }

  private runOverride(
    override: RpcOverride,
    context: CallContext,
    rpc: CompiledRoute,
    request: Uint8Array,
  ): Promise<Uint8Array | JsonValue> {
    const send = (other = request) => this.send(context, rpc, other);
    return override({ context, method: rpc.route.method, request, send });
  }
}

function sendAnswer(
  request: FastifyRequest,
  reply: FastifyReply,
  rpc: CompiledRoute,
  answer: Uint8Array | JsonValue,
): void {
  const status = rpc.route.method.policy.successStatus;
  reply.code(status);
  if (request.call.fallback !== '') reply.header('x-gateway-fallback', request.call.fallback);
  if (status === 204) return void reply.send();
  if (!(answer instanceof Uint8Array))
    return void reply.type(JSON_TYPE).serializer(String).send(JSON.stringify(answer));
  if (rpc.rawBody) return sendRawBody(reply, answer);
  const body = rpc.responseWriter.write(answer, allowedTenant(request.call));
  reply.header('content-type', JSON_TYPE);
  if (hasTag(request, rpc.route.method)) sendTagged(request, reply, body);
  else void reply.send(body);
}

function sendRawBody(reply: FastifyReply, answer: Uint8Array): void {
  const { contentType, data } = fromBinary(HttpBodySchema, answer);
  void reply.header('content-type', contentType || 'application/octet-stream').send(Buffer.from(data));
}
