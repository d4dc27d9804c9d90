import { refusalOf } from '../call-refusal.js';
import type { ConnectionsReport } from '../endpoint-report.js';
import type { MessageStream, TransportCall, UpstreamTransport } from '../transport.js';
import { DeadlineWheel } from './deadline-wheel.js';
import type { EndpointState } from './endpoint-set.js';
import { ClientCall, type ClientCallParts } from './client-call.js';
import { ConnectionPool } from './pool.js';
import type { PoolSettings } from './pool-settings.js';
import { ServerStream } from './server-stream.js';
import type { CallEnd } from '../grpc-failure.js';
import { GrpcStatus } from '../grpc-code.js';
import { transportEnd } from '../call-ends.js';
import { MessageReader } from './message-reader.js';
import { WIDE_STREAM_WINDOW } from '../h2/frames.js';
import type { Receiver } from './response.js';

/** Limits of a message. */
export interface MessageLimits {
  readonly maxReceiveBytes: number;
  readonly maxSendBytes: number;
}

/** Makes calls over the gateway's own HTTP/2 connections to one upstream. Connects immediately; must be closed. */
export class Http2Transport implements UpstreamTransport {
  private readonly pool: ConnectionPool;
  private readonly parts: ClientCallParts;

  constructor(
    settings: PoolSettings,
    private readonly limits: MessageLimits,
  ) {
    this.pool = new ConnectionPool(settings);
    const { maxReceiveBytes } = limits;
    const { fields } = settings;
    this.parts = { dispatcher: this.pool, wheel: new DeadlineWheel(), maxReceiveBytes, fields };
    this.pool.start();
  }

  unary(call: TransportCall): Promise<Uint8Array> {
    const refusal = refusalOf(call, this.limits.maxSendBytes);
    if (refusal !== undefined) return Promise.reject(refusal);
    const { maxReceiveBytes } = this.limits;
    return new Promise((resolve, reject) =>
      new ClientCall(call, this.parts, new UnaryReceiver(maxReceiveBytes, resolve, reject)).start(),
    );
  }

  serverStream(call: TransportCall): MessageStream {
    const stream = new ServerStream(call, this.parts);
    const refusal = refusalOf(call, this.limits.maxSendBytes);
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
}

const NOTHING = new Uint8Array();
const TOO_MANY = transportEnd(GrpcStatus.INTERNAL, 'Too many responses received');
const NO_MESSAGE = transportEnd(GrpcStatus.INTERNAL, 'No message received');

/** Takes the one message of a unary response, for a promise. */
export class UnaryReceiver implements Receiver {
  readonly windowBytes = WIDE_STREAM_WINDOW;
  readonly isHolding = false;
  private readonly reader: MessageReader;

  constructor(
    maxBytes: number,
    private readonly resolve: (message: Uint8Array) => void,
    readonly fail: (error: Error) => void,
  ) {
    this.reader = new MessageReader(maxBytes);
  }

  get missing(): CallEnd | undefined {
    return this.reader.message === undefined ? NO_MESSAGE : undefined;
  }

  data(bytes: Buffer, start: number, end: number): CallEnd | undefined {
    const { reader } = this;
    const read = reader.take(bytes, start, end);
    return reader.failure ?? (read < end ? TOO_MANY : undefined);
  }

  succeed(): void {
    this.resolve(this.reader.message ?? NOTHING);
  }
}
