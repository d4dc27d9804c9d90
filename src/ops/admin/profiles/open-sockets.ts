import { Server, Socket } from 'node:net';

/** One connection of the process, or an address on which it listens. */
export interface OpenSocket {
  /** `accepted`: from a client; `opened`: to an upstream or a store; `listening`. */
  readonly kind: 'accepted' | 'opened' | 'listening';
  readonly local: string;
  readonly remote: string;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Bytes that the peer has not received. */
  readonly unsent: number;
}

/** Internal list of Node, documented as such; no public API knows the sockets of all libraries. */
type ActiveHandles = () => readonly unknown[];

/** Lists the sockets that keep this process alive. */
export function listSockets(limit: number): OpenSocket[] {
  const { _getActiveHandles } = process as unknown as { _getActiveHandles?: ActiveHandles };
  const handles = _getActiveHandles?.call(process) ?? [];
  return handles.flatMap((handle) => describe(handle) ?? []).slice(0, limit);
}

function describe(handle: unknown): OpenSocket | undefined {
  if (handle instanceof Server) return { ...EMPTY, kind: 'listening', local: addressOf(handle.address()) };
  if (!(handle instanceof Socket) || handle.remotePort === undefined) return undefined;
  const { localAddress, localPort, remoteAddress, remotePort, bytesRead, bytesWritten, writableLength } = handle;
  const isAccepted = 'server' in handle && handle.server != null;
  return {
    kind: isAccepted ? 'accepted' : 'opened',
    local: `${localAddress}:${localPort}`,
    remote: `${remoteAddress}:${remotePort}`,
    bytesRead,
    bytesWritten,
    unsent: writableLength,
  };
}

const EMPTY = { remote: '', bytesRead: 0, bytesWritten: 0, unsent: 0 };

function addressOf(address: ReturnType<Server['address']>): string {
  if (address === null || typeof address === 'string') return address ?? '';
  return `${address.address}:${address.port}`;
}
