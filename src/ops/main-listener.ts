import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import type { GatewayConfig } from '../config/gateway-config.js';
import type { UnixSocket } from '../config/schema/listener-settings.js';

const PROBE_MS = 1_000;
/**
 * Maximum number of connections that wait to be accepted; the system limits it to `net.core.somaxconn`. Node's default of
 * 511 is used up within one busy turn of the event loop, and clients beyond it retry after 1, 3, 7 and 15 s.
 */
const BACKLOG = 4_096;

/**
 * Makes the application listen for clients. Rejects with EADDRINUSE for a port, with SocketListenError for a socket.
 */
export async function listenToClients(app: NestFastifyApplication, { server, worker }: GatewayConfig): Promise<void> {
  const { host, port, unixSocket } = server;
  if (unixSocket === undefined) return void (await app.listen({ host, port, backlog: BACKLOG }));
  // The first process has done so for its workers, which share the socket.
  if (worker === undefined) await freePath(unixSocket);
  try {
    await app.listen({ path: unixSocket.path, backlog: BACKLOG });
    chmodSync(unixSocket.path, unixSocket.mode);
  } catch (error) {
    throw new SocketListenError(unixSocket.path, error instanceof Error ? error.message : 'unknown', error);
  }
}

/** Returns the URL of an application: `http://127.0.0.1:8080` with the actual port, or `unix:/path`. */
export function urlOf(app: NestFastifyApplication, scheme: 'http' | 'https' = 'http'): string {
  const address = app.getHttpServer().address() as AddressInfo | string;
  return typeof address === 'string' ? `unix:${address}` : `${scheme}://127.0.0.1:${address.port}`;
}

/** Removes the socket file of a process that was killed. Throws SocketListenError for a path that is in use. */
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

/** Thrown when the gateway cannot listen on GATEWAY_LISTEN. */
export class SocketListenError extends Error {
  override readonly name = 'SocketListenError';

  constructor(
    readonly path: string,
    reason: string,
    cause?: unknown,
  ) {
    super(reason, { cause });
  }
}
