import type { Http2Transport } from './http2/http2-transport.js';
import type { MessageStream, StreamTransport, Transport, TransportCall } from './transport.js';

/** The ways to one upstream: unary calls over the gateway's own connections, server streams over grpc-js. */
export class UpstreamTransport implements Transport {
  constructor(
    private readonly calls: Http2Transport,
    private readonly streams: StreamTransport,
  ) {}

  unary(call: TransportCall): Promise<Uint8Array> {
    return this.calls.unary(call);
  }

  serverStream(call: TransportCall): MessageStream {
    return this.streams.serverStream(call);
  }

  /** Closes the connections for calls after their last one. The grpc-js client is closed by the module it comes from. */
  close(): void {
    this.calls.close();
  }
}
