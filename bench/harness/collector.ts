import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A trace collector that discards all spans. */
export interface Collector {
  readonly url: string;
  readonly close: () => void;
}

/** Listens on a free port of the loopback interface. */
export async function openCollector(): Promise<Collector> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}
