import type { ConnectionsReport } from '../endpoint-report.js';
import { GrpcStatus } from '../grpc-code.js';
import { GatewayError } from '../../domain/errors.js';
import { abortError, callError, timeoutError } from '../status.js';
import type { MessageStream, Transport, TransportCall } from '../transport.js';
import { localEnd } from './call-ends.js';
import { DeadlineWheel } from './deadline-wheel.js';
import type { EndpointState } from './endpoint-set.js';
import { Exchange, type ExchangeParts } from './exchange.js';
import { ConnectionPool } from './pool.js';
import type { PoolSettings } from './pool-settings.js';
import { ServerStream } from './server-stream.js';
import { UnaryReceiver } from './unary-receiver.js';

/** Limits of a message. */
export interface MessageLimits {
  readonly maxReceiveBytes: number;
  readonly maxSendBytes: number;
}

/** Makes calls over the gateway's own HTTP/2 connections to one upstream. Connects at once; close it. */
export class Http2Transport implements Transport {
  private readonly pool: ConnectionPool;
  private readonly parts: ExchangeParts;

  constructor(
    settings: PoolSettings,
    private readonly limits: MessageLimits,
  ) {
    this.pool = new ConnectionPool(settings);
    const { maxReceiveBytes } = limits;
    this.parts = { dispatcher: this.pool, wheel: new DeadlineWheel(), maxReceiveBytes };
    this.pool.start();
  }

  unary(call: TransportCall): Promise<Uint8Array> {
    const refusal = this.refusal(call);
    if (refusal !== undefined) return Promise.reject(refusal);
    const { maxReceiveBytes } = this.limits;
    return new Promise((resolve, reject) =>
      new Exchange(call, this.parts, new UnaryReceiver(maxReceiveBytes, resolve, reject)).start(),
    );
  }

  serverStream(call: TransportCall): MessageStream {
    const stream = new ServerStream(call, this.parts);
    const refusal = this.refusal(call);
    if (refusal === undefined) stream.start();
    else stream.fail(refusal);
    return stream;
  }

  /** How many endpoints of the upstream there are of each state. */
  endpointCounts(): Readonly<Record<EndpointState, number>> {
    return this.pool.endpointCounts();
  }

  report(): ConnectionsReport {
    return this.pool.report();
  }

  /** Refuses further calls; those in flight go on, and each connection closes after its last. */
  close(): void {
    this.pool.close();
  }

  /** Why a call is not even begun. */
  private refusal(call: TransportCall): GatewayError | undefined {
    const { deadlineAt, method, request, signal } = call;
    // Without one a call may hang for ever (fact F10).
    if (!Number.isFinite(deadlineAt))
      return GatewayError.from(new TypeError(`A call of ${method.path} has no deadline`));
    if (signal.aborted) return abortError(method.upstream, signal);
    if (deadlineAt <= performance.now())
      return timeoutError(method.upstream, 'Deadline exceeded before the call', false);
    const { maxSendBytes } = this.limits;
    if (request.length <= maxSendBytes) return undefined;
    const details = `Attempted to send message with a size larger than ${maxSendBytes}`;
    return callError(call, localEnd(GrpcStatus.RESOURCE_EXHAUSTED, details));
  }
}
