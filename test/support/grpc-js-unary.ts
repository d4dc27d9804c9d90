import { type InterceptingListener, type Metadata, status, type StatusObject } from '@grpc/grpc-js';
import { type GrpcCall, type GrpcChannel, startCall, startError } from './grpc-js-call.js';
import { type CallEnd, isGrpc } from '../../src/grpc/grpc-failure.js';
import { abortError, callError } from '../../src/grpc/status.js';
import type { TransportCall, UnaryTransport } from '../../src/grpc/transport.js';

/** What a status of OK without a message comes to: no word of the backend's can be believed. */
const NO_MESSAGE: CallEnd = {
  code: status.INTERNAL,
  details: 'No message received',
  metadata: undefined,
  grpcHeaders: false,
};

/** Unary calls over grpc-js: the reference that the gateway's own transport is held against. */
export class GrpcJsUnary implements UnaryTransport {
  constructor(private readonly channel: GrpcChannel) {}

  unary(call: TransportCall): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      try {
        new UnaryCall(call, resolve, reject).start(this.channel);
      } catch (error) {
        reject(startError(this.channel, call, error));
      }
    });
  }
}

class UnaryCall implements InterceptingListener {
  private call: GrpcCall | undefined;
  private response: Uint8Array | undefined;
  private grpcHeaders = false;

  constructor(
    private readonly request: TransportCall,
    private readonly resolve: (response: Uint8Array) => void,
    private readonly reject: (error: Error) => void,
  ) {}

  start(channel: GrpcChannel): void {
    const { signal } = this.request;
    if (signal.aborted) return this.reject(abortError(this.request.method.upstream, signal));
    this.call = startCall(channel, this.request, this);
    signal.addEventListener('abort', this);
  }

  handleEvent(): void {
    this.call?.cancelWithStatus(status.CANCELLED, 'Cancelled on client');
  }

  onReceiveMetadata(headers: Metadata): void {
    this.grpcHeaders = isGrpc(headers);
  }

  onReceiveMessage(message: Buffer): void {
    if (this.response !== undefined) {
      this.call?.cancelWithStatus(status.INTERNAL, 'Too many responses received');
      return;
    }
    this.response = message;
    // Without a further read neither a second message nor the end of the stream is seen.
    this.call?.startRead();
  }

  onReceiveStatus({ code, details, metadata }: StatusObject): void {
    this.request.signal.removeEventListener('abort', this);
    if (code === status.OK && this.response !== undefined) return this.resolve(this.response);
    const end = code === status.OK ? NO_MESSAGE : { code, details, metadata, grpcHeaders: this.grpcHeaders };
    this.reject(callError(this.request, end));
  }
}
