import { http2Stub, type Http2Stub } from './http2-stub.js';
import type { Http2Transport } from '../../src/grpc/client/http2-transport.js';
import { rawPeer, type RawPeer } from './raw-http2.js';
import { openHttp2, upstreamConfig } from './transport.js';

type ParametersAfterFirst<F> = F extends (first: never, ...rest: infer Rest) => unknown ? Rest : never;

/** Transports and the peers they speak to, closed together after a test. */
export class Http2Fixture {
  private readonly toClose: (() => unknown)[] = [];

  /** Has something closed with the rest. */
  closing(close: () => unknown): void {
    this.toClose.push(close);
  }

  open(target: string, ...rest: ParametersAfterFirst<typeof openHttp2>): Http2Transport {
    const transport = openHttp2(upstreamConfig(target), ...rest);
    this.closing(() => transport.close());
    return transport;
  }

  async stub(...args: Parameters<typeof http2Stub>): Promise<Http2Stub> {
    const stub = await http2Stub(...args);
    this.closing(() => stub.close());
    return stub;
  }

  async peer(...args: Parameters<typeof rawPeer>): Promise<RawPeer> {
    const peer = await rawPeer(...args);
    this.closing(() => peer.close());
    return peer;
  }

  /** The newest first. */
  async close(): Promise<void> {
    for (const close of this.toClose.splice(0).reverse()) await close();
  }
}

/** A deadline in so many ms. */
export function soon(ms = 30_000): number {
  return performance.now() + ms;
}
