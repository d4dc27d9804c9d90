import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A client that sends one request and then reads nothing, until it is told to. */
export class StalledClient {
  private constructor(private readonly socket: Socket) {}

  static async send(
    url: string,
    { method = 'GET', path, headers = {}, body = '' }: StalledRequest,
  ): Promise<StalledClient> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    // Whether it ends or is reset is the same to a client that reads nothing.
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.pause();
    const all = { host: 'gateway', 'content-length': String(Buffer.byteLength(body)), ...headers };
    const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`${method} ${path} HTTP/1.1\r\n${head.join('')}\r\n${body}`);
    return new StalledClient(socket);
  }

  /** Sends another request on the same connection. */
  ask(request: string): void {
    this.socket.write(request);
  }

  /** Reads what is there and what comes, to the end of the connection. */
  async readAll(): Promise<string> {
    const chunks: Buffer[] = [];
    this.socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    this.socket.resume();
    await once(this.socket, 'close');
    return Buffer.concat(chunks).toString();
  }

  leave(): void {
    this.socket.destroy();
  }
}

interface StalledRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Posts JSON and reads nothing of the answer. The connection is to be closed after it. */
export function openUnread(
  url: string,
  path: string,
  { token, accept = 'text/event-stream', body = {} }: { token: string; accept?: string; body?: object },
): Promise<StalledClient> {
  return StalledClient.send(url, {
    method: 'POST',
    path,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', connection: 'close', accept },
    body: JSON.stringify(body),
  });
}
