import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** One connection through the proxy. */
interface ProxiedConnection {
  readonly near: Socket;
  readonly far: Socket;
  isFrozen: boolean;
}

/** A TCP proxy before one server, which counts the connections made over it and can lose them in two ways. */
export class TcpProxy {
  /** Connections made so far. */
  connections = 0;
  private readonly open = new Set<ProxiedConnection>();
  private port = 0;
  private readonly server: Server;

  /** @param target where it leads to; connections that are open stay where they are. */
  private constructor(public target: string) {
    this.server = createServer((near) => this.accept(near));
  }

  /** @param target host:port. */
  static async to(target: string): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    await proxy.repair();
    return proxy;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Stops forwarding on the open connections, in both directions, without a notice to either side. New connections work. */
  freeze(): void {
    for (const connection of this.open) connection.isFrozen = true;
  }

  /** Cuts the open connections and refuses new ones, as a machine does whose process was killed. */
  async cut(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const { near, far } of this.open) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
    await closed;
  }

  /** Takes connections, on the port it had. */
  async repair(): Promise<void> {
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    if (this.server.listening) await this.cut();
  }

  private accept(near: Socket): void {
    this.connections += 1;
    const { hostname, port } = new URL(`tcp://${this.target}`);
    const far = connect(Number(port), hostname);
    const journey = { near, far, isFrozen: false };
    this.open.add(journey);
    carry(journey, near, far);
    carry(journey, far, near);
    near.once('close', () => {
      this.open.delete(journey);
      far.destroy();
    });
  }
}

function carry(connection: ProxiedConnection, from: Socket, to: Socket): void {
  from.setNoDelay(true);
  from.on('error', () => undefined);
  from.on('data', (chunk: Buffer) => {
    if (!connection.isFrozen && !to.write(chunk)) from.pause();
  });
  to.on('drain', () => from.resume());
  from.once('close', (isBroken) => {
    if (connection.isFrozen) return;
    if (isBroken) to.destroy();
    else to.end();
  });
}
