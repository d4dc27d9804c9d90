import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import { connect, type AddressInfo } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { GatewayConfig } from '../config/gateway-config.js';
import type { UnixSocket } from '../config/http-config.js';
import { SocketListenError } from './listen-error.js';

const PROBE_MS = 1_000;
/**
 * Connections that may wait to be accepted; the system takes less where `net.core.somaxconn` is lower. Node's own 511 are
 * used up within one busy turn of the event loop, and whoever finds no room there tries again after 1, 3, 7 and 15 s.
 */
const BACKLOG = 4_096;

/** Has the application listen to clients. Rejects with EADDRINUSE for a port, with SocketListenError for a socket. */
export async function listenToClients(app: NestFastifyApplication, { server, worker }: GatewayConfig): Promise<void> {
  const { host, port, unixSocket } = server;
  if (unixSocket === undefined) return void (await app.listen({ host, port, backlog: BACKLOG }));
  // The first process has seen to it for its workers, which share the socket.
  if (worker === undefined) await freePath(unixSocket);
  try {
    await app.listen({ path: unixSocket.path, backlog: BACKLOG });
    chmodSync(unixSocket.path, unixSocket.mode);
  } catch (error) {
    throw new SocketListenError(unixSocket.path, error instanceof Error ? error.message : 'unknown', error);
  }
}

/** Returns where an application listens: `http://127.0.0.1:8080` with the port that was really taken, or `unix:/path`. */
export function urlOf(app: NestFastifyApplication, scheme: 'http' | 'https' = 'http'): string {
  const address = app.getHttpServer().address() as AddressInfo | string;
  return typeof address === 'string' ? `unix:${address}` : `${scheme}://127.0.0.1:${address.port}`;
}

/** Removes what a process that was killed left behind. Throws SocketListenError for a path that is not free. */
export async function freePath({ path }: UnixSocket): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw new SocketListenError(path, 'something else than a socket is there');
  if (await isListenedOn(path)) throw new SocketListenError(path, 'another process listens on it');
  unlinkSync(path);
}

function isListenedOn(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ path, timeout: PROBE_MS });
  socket.once('connect', () => resolve(true));
  socket.once('timeout', () => resolve(true));
  socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT'));
  return promise.finally(() => socket.destroy());
}
