import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

const CHANNEL = 'net.client.socket';

/** Counts the sockets that this process holds to servers of a test, whichever part of it opened them. */
export class UpstreamSockets {
  private readonly sockets = new Set<Socket>();
  private readonly attempts = new Map<number, number>();
  private readonly onSocket = (message: unknown) => {
    const { socket } = message as { readonly socket: Socket };
    this.sockets.add(socket);
    socket.on('connectionAttempt', (_ip: string, port: number) =>
      this.attempts.set(port, (this.attempts.get(port) ?? 0) + 1),
    );
    socket.once('close', () => this.sockets.delete(socket));
  };

  constructor() {
    subscribe(CHANNEL, this.onSocket);
  }

  /** Sockets that are connected to each of these ports. */
  count(ports: ReadonlySet<number>): Map<number, number> {
    const counts = new Map([...ports].map((port) => [port, 0]));
    for (const { remotePort = 0, destroyed } of this.sockets) {
      if (!destroyed && counts.has(remotePort)) counts.set(remotePort, (counts.get(remotePort) ?? 0) + 1);
    }
    return counts;
  }

  /** Times that somebody tried to connect to a port, with success or without. */
  attemptsAt(port: number): number {
    return this.attempts.get(port) ?? 0;
  }

  close(): void {
    unsubscribe(CHANNEL, this.onSocket);
    this.sockets.clear();
  }
}

/** Ports in addresses such as `127.0.0.1:50051`, `ipv4:127.0.0.1:1,127.0.0.1:2` and `redis://127.0.0.1:6379/0`. */
export function portsIn(addresses: readonly string[]): Set<number> {
  return new Set(addresses.flatMap((each) => [...each.matchAll(/:(\d+)(?=$|[,/])/g)].map(([, port]) => Number(port))));
}
