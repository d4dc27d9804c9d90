import type { ConnectWait } from '../domain/call-context.js';
import type { CancelSignal } from '../domain/cancellation.js';
import type { RpcMethod } from '../domain/rpc-method.js';
import type { ConnectionsReport } from './endpoint-report.js';

/** Metadata of a call, all keys in lower case, made by the gateway alone. */
export type CallMetadata = Readonly<Record<string, string>>;

/** Takes headers of a response that a policy lets through to clients. */
export interface HeaderSink {
  /** Names in lower case, all of which the upstream's connections were told at start. */
  readonly names: readonly string[];
  /** Takes the first value of a name, as bytes in latin1: of the headers, or of the trailers where those have none. */
  set(name: string, value: string): void;
}

/** One attempt at an upstream: bytes of a protobuf message in, a deadline and a signal that reach the backend. */
export interface TransportCall {
  /** What the wire needs to know of the method. */
  readonly method: Pick<RpcMethod, 'upstream' | 'service' | 'name' | 'path'>;
  readonly request: Uint8Array;
  readonly metadata: CallMetadata;
  /** Moment in `performance.now()` ms by which the attempt must end. */
  readonly deadlineAt: number;
  /** The client shortened the deadline: that it passes says nothing of the backend. */
  readonly hasClientDeadline?: boolean;
  readonly signal: CancelSignal;
  /** Where the time is added that the attempt waited for a connection. */
  readonly wait?: ConnectWait;
  /** Undefined: no header of the response is read. */
  readonly headers?: HeaderSink | undefined;
}

/** Sends a unary call. Rejects with a GatewayError whose cause is a {@link GrpcFailure}. */
export interface UnaryTransport {
  unary(call: TransportCall): Promise<Uint8Array>;
}

/** Messages of a server stream, pulled one by one so that backpressure reaches the backend. */
export interface MessageStream extends AsyncIterable<Uint8Array> {
  /** Ends the call at the backend. Idempotent. */
  cancel(): void;
}

/** Opens a server stream. Errors come from the iterator, as those of {@link UnaryTransport} do. */
export interface StreamTransport {
  serverStream(call: TransportCall): MessageStream;
}

export interface Transport extends UnaryTransport, StreamTransport {}

/** All that one upstream's connections do. */
export interface UpstreamTransport extends Transport {
  /** Returns how many endpoints there are of each state: the label `state` of upstream_grpc_endpoints. */
  endpointCounts(): Readonly<Record<string, number>>;
  /** Describes the connections for operators. */
  report(): ConnectionsReport;
  /** Refuses further calls; those in flight go on, and each connection closes after its last. */
  close(): void;
}
