import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { startTimeout } from '../../domain/loop-timeout.js';
import type { TlsMaterial } from '../../grpc/tls-material.js';
import type { Address } from '../../grpc/client/target.js';

/** Protocol of a probe: the bytes that it sends first, and the check of the response. */
export interface Protocol {
  readonly name: string;
  readonly alpn: string;
  readonly greeting: Buffer;
  /** Returns true or the reason of a mismatch; undefined while more bytes are needed. */
  accepts(bytes: Buffer): true | string | undefined;
}

export interface WireTarget {
  readonly address: Address;
  readonly protocol: Protocol;
  /** Undefined: plaintext. */
  readonly tls: { readonly material: TlsMaterial; readonly serverName: string | undefined } | undefined;
}

/** Step at which an attempt ended: the one that failed, or `answer` when all succeeded. */
export type WireStep = 'tcp' | 'tls' | 'answer';

export type WireFailure = 'refused' | 'timeout' | 'reset' | 'unreachable' | 'certificate' | 'handshake' | 'garbage';

/** Attempt to connect and to receive a response. */
export interface WireAttempt {
  readonly step: WireStep;
  /** Undefined when the peer responded in its protocol. */
  readonly failure: WireFailure | undefined;
  readonly detail: string;
  readonly ms: number;
}

const MAX_ANSWER_BYTES = 4_096;

/** Connects, negotiates TLS, sends the first bytes, and waits for the first bytes of a response. Never rejects, and ends within `timeoutMs`. */
export function probeWire({ address, protocol, tls }: WireTarget, timeoutMs: number): Promise<WireAttempt> {
  const { promise, resolve } = Promise.withResolvers<WireAttempt>();
  const startedAt = performance.now();
  let step: WireStep = 'tcp';
  let received = Buffer.alloc(0);
  const end = (failure: WireFailure | undefined, detail: string) => {
    cancel();
    socket.destroy();
    resolve({ step, failure, detail, ms: performance.now() - startedAt });
  };
  const cancel = startTimeout(timeoutMs, () => end('timeout', `nothing came within ${timeoutMs}ms`));
  const greet = () => {
    step = 'answer';
    socket.write(protocol.greeting);
  };
  const socket: Socket = tls === undefined ? connectTcp(address) : connectTls(tlsOptions(address, tls, protocol));
  socket.once('connect', () => (tls === undefined ? greet() : (step = 'tls')));
  socket.once('secureConnect', greet);
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]).subarray(0, MAX_ANSWER_BYTES);
    const verdict = protocol.accepts(received);
    if (verdict === true) end(undefined, 'answered');
    else if (verdict !== undefined) end('garbage', verdict);
  });
  socket.on('error', (error) => end(...readError(error, step)));
  socket.on('close', () => end('reset', 'the connection was closed without an answer'));
  return promise;
}

function tlsOptions(address: Address, { material, serverName }: NonNullable<WireTarget['tls']>, protocol: Protocol) {
  const name = serverName === undefined ? {} : { servername: serverName };
  return { ...address, ...material, ...name, ALPNProtocols: [protocol.alpn], minVersion: 'TLSv1.2' as const };
}

const BY_CODE: Readonly<Record<string, WireFailure>> = {
  ECONNREFUSED: 'refused',
  ENOENT: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
};

function readError(error: NodeJS.ErrnoException, step: WireStep): [WireFailure, string] {
  const known = BY_CODE[error.code ?? ''];
  if (known !== undefined) return [known, error.message];
  if (/certificate|altnames|self.signed|unable to verify/i.test(error.message)) return ['certificate', error.message];
  return [step === 'tls' ? 'handshake' : 'reset', error.message];
}
