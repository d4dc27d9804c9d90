import type { GatewayConfig } from '../../config/gateway-config.js';
import type { UpstreamConfig } from '../../config/upstreams.js';
import { refusalOf } from '../call-refusal.js';
import type { ConnectionsReport } from '../endpoint-report.js';
import { GrpcStatus } from '../grpc-code.js';
import type { CallEnd } from '../grpc-failure.js';
import { transportEnd } from '../call-ends.js';
import { DeadlineWheel } from '../client/deadline-wheel.js';
import type { PoolObserver } from '../client/pool-settings.js';
import type { MessageStream, TransportCall, UpstreamTransport } from '../transport.js';
import { type CallParts, ClientCall, type MessageReceiver } from './client-call.js';
import { ClientFactory } from './open-client.js';
import { RenewedChannel } from './renewed-channel.js';
import { GrpcJsServerStream } from './server-stream.js';
import type { Services } from './upstream-package.js';

const NOTHING = new Uint8Array();
const TOO_MANY = transportEnd(GrpcStatus.INTERNAL, 'Too many responses received');
const NO_MESSAGE = transportEnd(GrpcStatus.INTERNAL, 'No message received');

/** Which upstream to connect to, and how. */
export interface GrpcJsSettings {
  readonly upstream: UpstreamConfig;
  readonly grpc: GatewayConfig['grpc'];
  /** Of all upstreams. */
  readonly services: Services;
  readonly observer: Pick<PoolObserver, 'replaced'>;
}

/** Makes calls to one upstream over `ClientGrpc` of @nestjs/microservices. Connects immediately; close it. */
export class GrpcJsTransport implements UpstreamTransport {
  private readonly parts: CallParts;
  private readonly maxSendBytes: number;

  constructor({ upstream, grpc, services, observer }: GrpcJsSettings) {
    const factory = new ClientFactory(upstream, grpc, services);
    this.maxSendBytes = grpc.maxSendBytes;
    this.parts = { channels: new RenewedChannel(factory, grpc, observer), wheel: new DeadlineWheel() };
  }

  unary(call: TransportCall): Promise<Uint8Array> {
    const refusal = refusalOf(call, this.maxSendBytes);
    if (refusal !== undefined) return Promise.reject(refusal);
    return new Promise((resolve, reject) => new UnaryReceiver(resolve, reject).start(call, this.parts));
  }

  serverStream(call: TransportCall): MessageStream {
    const stream = new GrpcJsServerStream(call, this.parts);
    const refusal = refusalOf(call, this.maxSendBytes);
    if (refusal === undefined) stream.start();
    else stream.fail(refusal);
    return stream;
  }

  /** grpc-js shows one state for all connections of a channel: it counts as one endpoint. */
  endpointCounts(): Readonly<Record<'ready' | 'connecting' | 'ejected', number>> {
    const { isReady } = this.parts.channels.get();
    return { ready: Number(isReady), connecting: Number(!isReady), ejected: 0 };
  }

  report(): ConnectionsReport {
    return this.parts.channels.report();
  }

  close(): void {
    this.parts.channels.close();
  }
}

/** Takes the one message of a unary response, for a promise. */
class UnaryReceiver implements MessageReceiver {
  private response: Uint8Array | undefined;
  private call: ClientCall | undefined;

  constructor(
    private readonly resolve: (message: Uint8Array) => void,
    readonly fail: (error: Error) => void,
  ) {}

  start(call: TransportCall, parts: CallParts): void {
    this.call = new ClientCall(call, parts, this);
    this.call.start();
  }

  get missing(): CallEnd | undefined {
    return this.response === undefined ? NO_MESSAGE : undefined;
  }

  message(bytes: Uint8Array): CallEnd | undefined {
    if (this.response !== undefined) return TOO_MANY;
    this.response = bytes;
    // Without a further read neither a second message nor the end of the stream is seen.
    this.call?.read();
    return undefined;
  }

  succeed(): void {
    this.resolve(this.response ?? NOTHING);
  }
}
