import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { LOOPBACK } from '../backend/loopback.js';
import { type Fault, type FaultInput, faultSchema, NO_FAULT } from './fault.js';
import { FaultGate, stampArrivals } from './fault-gate.js';

const MAX_CONNECTIONS = 1_000;
const PORT_BACK_WITHIN_MS = 5_000;
const PORT_POLL_MS = 50;

export interface FaultProxyOptions {
  readonly host: string;
  /** Port to listen on; 0: any free one, which is then kept. */
  readonly port: number;
  /** Port of the server behind it, on the loopback address. */
  readonly targetPort: number;
  /** Decides what `flaky` resets; Math.random unless given. */
  readonly random?: () => number;
}

/** One connection through the proxy. */
interface Link {
  release(): void;
  cut(): void;
}

/** A TCP proxy before one server. Its faults act on the socket, so a client meets what the network would do to it. */
export class FaultProxy {
  readonly #server: Server;
  readonly #links = new Set<Link>();
  #port: number;
  #fault = NO_FAULT;
  #change: Promise<unknown> = Promise.resolve();

  private constructor(private readonly options: FaultProxyOptions) {
    this.#port = options.port;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client));
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** Listens without a fault. Rejects when the port is taken. */
  static async start(options: FaultProxyOptions): Promise<FaultProxy> {
    const proxy = new FaultProxy(options);
    await proxy.#listen();
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  get fault(): Fault {
    return this.#fault;
  }

  /** Resolves with the new fault once it holds. Throws a ZodError for an invalid fault. */
  set(input: FaultInput): Promise<Fault> {
    const fault = faultSchema.parse(input);
    const change = this.#change.then(() => this.#apply(fault));
    this.#change = change.catch(() => undefined);
    return change;
  }

  /** Destroys every connection and closes the listener. */
  async close(): Promise<void> {
    await this.set({ mode: 'down' });
  }

  async #apply(fault: Fault): Promise<Fault> {
    this.#fault = fault;
    if (fault.mode === 'down') await this.#stopListening();
    else if (!this.#server.listening) await this.#listenAgain();
    for (const link of this.#links) link.release();
    return fault;
  }

  /** While it was down, the kernel may have lent its port to a connection of somebody else, for as long as that lasts. */
  async #listenAgain(): Promise<void> {
    const giveUpAt = performance.now() + PORT_BACK_WITHIN_MS;
    for (;;) {
      try {
        return await this.#listen();
      } catch (error) {
        if (performance.now() > giveUpAt) throw error;
        await pause(PORT_POLL_MS);
      }
    }
  }

  async #listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#port, this.options.host, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async #stopListening(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const link of this.#links) link.cut();
    await closed;
  }

  #accept(client: Socket): void {
    const { targetPort, random = Math.random } = this.options;
    if (this.#fault.mode === 'flaky' && random() < this.#fault.ratio) {
      client.resetAndDestroy();
      return;
    }
    const target = connect({ host: LOOPBACK, port: targetPort, allowHalfOpen: true, noDelay: true });
    const cut = () => {
      client.resetAndDestroy();
      target.resetAndDestroy();
    };
    const gateOptions = { fault: () => this.#fault, random, cut };
    const request = new FaultGate('request', gateOptions);
    const response = new FaultGate('response', gateOptions);
    const link: Link = { cut, release: () => [request, response].forEach((gate) => gate.release()) };
    this.#links.add(link);
    client.once('close', () => this.#links.delete(link));
    const cutOnError = (error: unknown) => void (error && cut());
    pipeline(client, stampArrivals(), request, target, cutOnError);
    pipeline(target, stampArrivals(), response, client, cutOnError);
  }
}
