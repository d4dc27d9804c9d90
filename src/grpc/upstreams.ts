import { Injectable } from '@nestjs/common';
import type { Client } from '@grpc/grpc-js';
import { GrpcTransport } from './grpc-transport.js';
import type { Transport } from './transport.js';

/** The transports of all upstreams, by name. As many as the settings name; filled at boot. */
@Injectable()
export class Upstreams {
  private readonly transports = new Map<string, Transport>();

  /** Takes over the raw client of an upstream and begins to connect, so that the first call need not wait. Throws for a name it has. */
  register(name: string, client: Client): void {
    if (this.transports.has(name)) throw new Error(`The upstream "${name}" is registered twice`);
    const channel = client.getChannel();
    channel.getConnectivityState(true);
    this.transports.set(name, new GrpcTransport(channel));
  }

  /** Throws for a name that no module registered: a bug, for routes exist only with their upstream. */
  get(name: string): Transport {
    const transport = this.transports.get(name);
    if (transport === undefined) throw new Error(`No upstream "${name}" is registered`);
    return transport;
  }

  names(): string[] {
    return [...this.transports.keys()];
  }
}
