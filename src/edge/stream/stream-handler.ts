import { Inject, Injectable } from '@nestjs/common';
import { CredentialWatch } from '../../access/credential-watch.js';
import { GATEWAY_CONFIG } from '../../config/config.token.js';
import type { GatewayConfig } from '../../config/gateway-config.js';
import type { CallContext } from '../../domain/call-context.js';
import { GatewayError } from '../../domain/errors.js';
import type { RpcMethod } from '../../domain/rpc-method.js';
import { Admission } from '../../traffic/admission/admission.js';
import { priorityOf } from '../../traffic/admission/priority.js';
import { ReceivedHeaders } from '../../traffic/call.js';
import { CallStack } from '../../traffic/stack.js';
import { Compression } from '../compression/compression.js';
import type { RpcExchange } from '../pipeline/rpc-exchange.js';
import { problemBody } from '../problem.js';
import { problemSource, recordError } from '../problem.filter.js';
import { toGatewayError } from '../to-gateway-error.js';
import { chooseEncoding, type StreamEncoding } from './encoding.js';
import { StreamResponse } from './stream-response.js';

type StreamExchange = Pick<RpcExchange, 'request' | 'reply' | 'call' | 'rpc' | 'message' | 'signal'>;

interface StreamRequest {
  readonly method: RpcMethod;
  readonly request: Uint8Array;
  readonly signal: AbortSignal | undefined;
}

/** Sends a server stream to an HTTP client, message by message, in the format it asked for. */
@Injectable()
export class StreamHandler {
  @Inject(Compression) private readonly compression!: Compression;

  constructor(
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
    private readonly stack: CallStack,
    private readonly admission: Admission,
    private readonly credentials: CredentialWatch,
  ) {}

  /**
   * Serves a stream. Rejects only before anything has been sent: later failures are reported in the stream itself. The
   * stream ends when the credential with which it began is no longer valid, as the next request would be refused.
   */
  async handle({ request, reply, call, rpc, message, signal }: StreamExchange): Promise<void> {
    const { lineHeartbeat, untilTokenExpiry: untilExpiry } = this.config.streams;
    const encoding = chooseEncoding(rpc, call, { accept: request.headers.accept, lineHeartbeat });
    const refused = this.admission.openStream(call, priorityOf(rpc.route.method));
    if (refused !== undefined) throw refused;
    const response = new StreamResponse(reply, encoding.format, call, this.config.timeouts.streamHeartbeatMs);
    if (this.compression.covers(rpc.route)) response.compressWith(this.compression);
    if (rpc.route.method.policy.responseHeaders !== undefined) response.holdHead();
    const unwatch = this.credentials.watch(request, (reason) => call.cancel(reason), { untilExpiry });
    try {
      await this.pump(call, { method: rpc.route.method, request: message, signal }, encoding, response);
      response.end();
    } catch (thrown) {
      const error = reasonFor(call, thrown);
      if (!response.begun) throw error;
      recordError(call, error);
      response.fail(JSON.stringify(problemBody(error, problemSource(request))));
    } finally {
      response.close();
      unwatch();
    }
  }

  private async pump(
    call: CallContext,
    { method, request, signal }: StreamRequest,
    encoding: StreamEncoding,
    response: StreamResponse,
  ): Promise<void> {
    const { responseHeaders } = method.policy;
    const headers = responseHeaders && new ReceivedHeaders(responseHeaders);
    const messages = await this.stack.openStream({
      context: call,
      method,
      request,
      headers,
      deadlineAt: call.clientDeadlineAt,
      signal,
    });
    response.passHeaders(headers);
    if (this.config.server.serverTiming && !response.begun) response.writeTiming();
    call.stage = 'stream';
    void messages.ended.then((error) => error && response.interrupt(error));
    const encode = (message: Uint8Array): Buffer => {
      try {
        return encoding.encode(message);
      } catch (error) {
        throw messages.attributeFailure(error);
      }
    };
    for await (const message of messages) {
      const frame = encode(message);
      if (!response.begun) encoding.checkAccepted();
      await response.message(frame);
    }
  }
}

/** Returns the error for which a stream was broken off: the reason of the cancellation if the call was cancelled. */
export function reasonFor(call: CallContext, thrown: unknown): GatewayError {
  const reason: unknown = call.cancellation.reason;
  return reason instanceof GatewayError ? reason : toGatewayError(thrown);
}
