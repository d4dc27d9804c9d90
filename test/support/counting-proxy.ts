import { type AddressInfo, connect, createServer } from 'node:net';
import { pipeline } from 'node:stream';

/** A TCP proxy that counts the connections made to it. */
export interface CountingProxy {
  readonly address: string;
  readonly connections: number;
  close(): void;
}

/** @param target host:port. */
export async function countingProxy(target: string): Promise<CountingProxy> {
  const [host, port] = target.split(':');
  let connections = 0;
  const server = createServer((client) => {
    connections += 1;
    const backend = connect(Number(port), host ?? '');
    pipeline(client, backend, () => backend.destroy());
    pipeline(backend, client, () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() {
      return connections;
    },
    close: () => void server.close(),
  };
}
