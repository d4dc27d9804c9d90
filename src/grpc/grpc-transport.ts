import { type GrpcChannel, startError } from './grpc-call.js';
import { ServerStream } from './server-stream.js';
import type { MessageStream, Transport, TransportCall } from './transport.js';
import { UnaryCall } from './unary-call.js';

/** Sends calls over the one channel of an upstream. Bytes pass through untouched; retries are the call stack's. */
export class GrpcTransport implements Transport {
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

  serverStream(call: TransportCall): MessageStream {
    const stream = new ServerStream(call);
    stream.start(this.channel);
    return stream;
  }
}
