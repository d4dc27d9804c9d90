import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls, type SecureVersion, type TLSSocket } from 'node:tls';
import type { TlsMaterial } from '../tls-material.js';
import type { Address } from './target.js';
import type { Dial } from '../h2/framed-socket.js';

/** Read buffer of a plaintext connection. */
const READ_BYTES = 65_536;
/** gRPC over TLS asks for it (RFC 9113, section 9.2). */
const MIN_TLS: SecureVersion = 'TLSv1.2';

/** How an encrypted connection is made. */
export interface TlsParts {
  readonly material: TlsMaterial;
  /** Undefined: the certificate must be for the address. */
  readonly serverName: string | undefined;
}

/** How to reach an address: in plaintext, or encrypted when there is anything to encrypt with. */
export function dialer(address: Address, tls: TlsParts | undefined): Dial {
  return tls === undefined ? plainDial(address) : tlsDial(address, tls);
}

/** Reads into one buffer, past the stream machinery, that a response would cost more than its work. */
function plainDial(address: Address): Dial {
  return (onConnected, onBytes) => {
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    const callback = (length: number): boolean => {
      onBytes(buffer, length);
      return true;
    };
    const socket = connectPlain({ ...address, noDelay: true, onread: { buffer, callback } });
    return socket.once('connect', onConnected);
  };
}

function tlsDial(address: Address, { material, serverName }: TlsParts): Dial {
  return (onConnected, onBytes) => {
    const socket = connectTls({
      ...address,
      ...material,
      ...(serverName !== undefined && { servername: serverName }),
      ALPNProtocols: ['h2'],
      minVersion: MIN_TLS,
    });
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => onBytes(chunk, chunk.length));
    return socket.once('secureConnect', () => confirm(socket, onConnected));
  };
}

/** A server that agreed on nothing would speak HTTP/1.1. */
function confirm(socket: TLSSocket, onConnected: () => void): Socket {
  if (socket.alpnProtocol === 'h2') onConnected();
  else socket.destroy(new Error('TLS handshake: the server did not agree on h2'));
  return socket;
}
