import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Transport } from './transport.js';
import type { UpstreamTransport } from './upstream-transport.js';

/** The transports of all upstreams, by name. As many as the settings name; filled at boot. */
@Injectable()
export class Upstreams implements OnApplicationShutdown {
  private readonly transports = new Map<string, UpstreamTransport>();

  /** Takes over the transport of an upstream, and closes it at shutdown. Throws for a name it has. */
  register(name: string, transport: UpstreamTransport): void {
    if (this.transports.has(name)) throw new Error(`The upstream "${name}" is registered twice`);
    this.transports.set(name, transport);
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

  /** The last of Nest's hooks: those before it may still call upstreams. */
  onApplicationShutdown(): void {
    for (const transport of this.transports.values()) transport.close();
  }
}
