import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GATEWAY_CONFIG } from '../../config/config.token.js';
import type { GatewayConfig } from '../../config/gateway-config.js';
import type { CallContext } from '../../domain/call-context.js';
import { GatewayError } from '../../domain/errors.js';
import type { RpcMethod } from '../../domain/rpc-method.js';
import { CallStack } from '../../traffic/stack.js';
import { problemBody } from '../problem.js';
import { recordError } from '../problem.filter.js';
import { toGatewayError } from '../to-gateway-error.js';
import { chooseEncoding, type StreamEncoding } from './encoding.js';
import { StreamResponse } from './stream-response.js';
import { routeNotFound } from '../route-not-found.js';

/** Carries a server stream to an HTTP client, message by message, in the format it asked for. */
@Injectable()
export class StreamHandler {
  constructor(
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
    private readonly stack: CallStack,
  ) {}

  /** Rejects only while nothing has been sent: later failures are told in the stream itself (rows B-18, B-19). */
  async handle(request: FastifyRequest, reply: FastifyReply, message: Uint8Array): Promise<void> {
    const { call, rpc } = request;
    if (rpc === undefined) throw routeNotFound();
    const encoding = chooseEncoding(rpc, call, request.headers.accept);
    const response = new StreamResponse(reply, encoding.format, call, this.config.timeouts.streamHeartbeatMs);
    try {
      await this.pump(call, { method: rpc.route.method, request: message }, encoding, response);
      response.end();
    } catch (thrown) {
      const error = reasonFor(call, thrown);
      if (!response.begun) throw error;
      recordError(call, error);
      response.fail(JSON.stringify(problemBody(error, request.rawPath, call.requestId)));
    } finally {
      response.close();
    }
  }

  private async pump(
    call: CallContext,
    { method, request }: { readonly method: RpcMethod; readonly request: Uint8Array },
    encoding: StreamEncoding,
    response: StreamResponse,
  ): Promise<void> {
    const messages = await this.stack.openStream({
      context: call,
      method,
      request,
      deadlineAt: call.clientDeadlineAt,
    });
    call.stage = 'stream';
    const encode = (message: Uint8Array): Buffer => {
      try {
        return encoding.encode(message);
      } catch (error) {
        throw messages.spoil(error);
      }
    };
    for await (const message of messages) {
      const frame = encode(message);
      if (!response.begun) encoding.checkAccepted();
      await response.message(frame);
    }
  }
}

/** Why a stream broke off: whoever cancelled the call said so. */
function reasonFor(call: CallContext, thrown: unknown): GatewayError {
  const reason: unknown = call.signal.aborted ? call.signal.reason : undefined;
  return reason instanceof GatewayError ? reason : toGatewayError(thrown);
}
