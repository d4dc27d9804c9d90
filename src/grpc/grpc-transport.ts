import type { GrpcChannel } from './grpc-call.js';
import { ServerStream } from './server-stream.js';
import type { MessageStream, StreamTransport, TransportCall } from './transport.js';

/** Opens server streams over the grpc-js channel of an upstream, which connects with the first of them. */
export class GrpcTransport implements StreamTransport {
  constructor(private readonly channel: GrpcChannel) {}

  serverStream(call: TransportCall): MessageStream {
    const stream = new ServerStream(call);
    stream.start(this.channel);
    return stream;
  }
}
