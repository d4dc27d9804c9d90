import { certificateIdentities, type CertificateIdentities } from '../certificate-identities.js';
import type { ConfigProblem } from '../config-error.js';
import { defaulted, type Kind, type Known, optional, Refusal, type SettingsOf } from '../setting.js';
import { file, oneOf } from '../string-parsers.js';
import { duration } from '../unit-parsers.js';

/** Unix domain socket that clients connect to. */
export interface UnixSocket {
  readonly path: string;
  readonly mode: number;
}

/** TLS of the client listener. Files are PEM. */
export interface ListenerTls {
  readonly certFile: string;
  readonly keyFile: string;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly handshakeTimeoutMs: number;
  /** Undefined: client certificates are not requested. */
  readonly clients: ClientCertificateConfig | undefined;
}

/** Verification of client certificates. */
export interface ClientCertificateConfig {
  readonly caFile: string;
  /** Clients without a certificate are rejected. */
  readonly required: boolean;
  readonly identities: CertificateIdentities;
}

/** Size of `sun_path` in unix(7), without the terminating zero. */
const MAX_PATH_BYTES = 107;
const SCHEME = 'unix:';

/** Parses the path of a Unix domain socket. */
export const unixSocket: Kind<string> = {
  form: 'unix:/path',
  parse(raw) {
    const path = raw.slice(SCHEME.length);
    if (!raw.startsWith(SCHEME) || !/^\/[^\0]*[^/\0]$/.test(path)) {
      throw new Refusal(`"${raw}" is not the path of a socket`, 'write unix:/run/gateway/api.sock');
    }
    const size = Buffer.byteLength(path);
    if (size <= MAX_PATH_BYTES) return path;
    throw new Refusal(`the path has ${size} bytes; a socket may have ${MAX_PATH_BYTES}`, 'use a shorter one');
  },
};

/** Parses permissions of a socket, without execute bits. */
export const socketMode: Kind<number> = {
  form: 'octal mode',
  parse(raw) {
    if (/^0?[0246]{3}$/.test(raw)) return Number.parseInt(raw, 8);
    throw new Refusal(`"${raw}" is not the mode of a socket`, 'write three octal digits of 0, 2, 4 and 6: 0660');
  },
};

/** Settings of the client listener's Unix domain socket and TLS. */
export const listenerSettings = {
  GATEWAY_LISTEN: optional(unixSocket, {
    description:
      'Unix domain socket to listen on in place of `GATEWAY_HOST` and `API_GATEWAY_PORT`, for a proxy on the same machine. `OPS_PORT` and the admin listener keep their ports.',
    example: 'unix:/run/gateway/api.sock',
  }),
  GATEWAY_LISTEN_MODE: defaulted(socketMode, '0660', {
    description: 'Permissions of that socket, octal. Users with write permission may connect.',
  }),
  GATEWAY_TLS_CERT_FILE: optional(file, {
    description:
      'PEM file of the server certificate with its chain. When set, the listener accepts only TLS (docs/in-front.md). Reloaded when it changes.',
    example: '/etc/gateway/listener/tls.crt',
  }),
  GATEWAY_TLS_KEY_FILE: optional(file, {
    description: 'PEM file of the private key of that certificate. Reloaded when it changes.',
    example: '/etc/gateway/listener/tls.key',
  }),
  GATEWAY_TLS_MIN_VERSION: defaulted(oneOf('1.2', '1.3'), '1.2', { description: 'Minimum TLS version for clients.' }),
  GATEWAY_TLS_HANDSHAKE_TIMEOUT: defaulted(duration(), '10s', {
    description: 'Maximum duration of the TLS handshake of a client.',
  }),
  GATEWAY_TLS_CLIENT_CA_FILE: optional(file, {
    description:
      'PEM file of the certificate authorities whose client certificates are accepted as credentials. Unset: client certificates are not requested. Reloaded when it changes.',
    example: '/etc/gateway/listener/clients.crt',
  }),
  GATEWAY_TLS_CLIENT_AUTH: defaulted(oneOf('optional', 'required'), 'optional', {
    description:
      'Handling of clients without a certificate: `optional` lets them connect, `required` does not. A client with an invalid certificate, or with one of other authorities, is always rejected.',
  }),
  GATEWAY_TLS_CLIENT_IDENTITIES: optional(certificateIdentities, {
    description:
      'YAML file that maps the name in a client certificate (`uri:spiffe://…`, `dns:…`, `cn:…`) to tenant, permissions and roles (docs/in-front.md). A certificate whose name is not listed does not authenticate anyone.',
    example: '/etc/gateway/clients.yaml',
    reloadable: true,
  }),
};

type ListenerSettings = SettingsOf<typeof listenerSettings>;

/** Finds a certificate without its key, and client settings without the authorities that verify certificates. */
export function listenerProblems(settings: Known<ListenerSettings>, unreadable: ReadonlySet<string>): ConfigProblem[] {
  return [...pairProblems(settings, unreadable), ...clientProblems(settings, unreadable)];
}

/** Rejects settings of client certificates that would have no effect. */
function clientProblems(settings: Known<ListenerSettings>, unreadable: ReadonlySet<string>): ConfigProblem[] {
  const needs = (name: keyof ListenerSettings, other: keyof ListenerSettings): ConfigProblem[] => {
    if (settings[name] === undefined || settings[other] !== undefined || unreadable.has(other)) return [];
    return [{ name, reason: `is set, but ${other} is not`, hint: `set ${other} as well` }];
  };
  return [
    ...needs('GATEWAY_TLS_CLIENT_CA_FILE', 'GATEWAY_TLS_CERT_FILE'),
    ...needs('GATEWAY_TLS_CLIENT_IDENTITIES', 'GATEWAY_TLS_CLIENT_CA_FILE'),
  ];
}

function pairProblems(settings: Known<ListenerSettings>, unreadable: ReadonlySet<string>): ConfigProblem[] {
  const pair = ['GATEWAY_TLS_CERT_FILE', 'GATEWAY_TLS_KEY_FILE'] as const;
  if (pair.some((name) => unreadable.has(name))) return [];
  const [present, missing] = settings[pair[0]] === undefined ? [pair[1], pair[0]] : pair;
  if (settings[present] === undefined || settings[missing] !== undefined) return [];
  return [{ name: missing, reason: `is not set, but ${present} is`, hint: 'set both, or neither for plaintext' }];
}

/** Maps the settings of the socket; undefined when the gateway listens on a port. */
export function unixSocketOf(settings: ListenerSettings): UnixSocket | undefined {
  const { GATEWAY_LISTEN: path, GATEWAY_LISTEN_MODE: mode } = settings;
  return path === undefined ? undefined : { path, mode };
}

/** Maps the TLS settings of the client listener; undefined for plaintext. */
export function listenerTlsOf(settings: ListenerSettings): ListenerTls | undefined {
  const { GATEWAY_TLS_CERT_FILE: certFile, GATEWAY_TLS_KEY_FILE: keyFile } = settings;
  if (certFile === undefined || keyFile === undefined) return undefined;
  return {
    certFile,
    keyFile,
    minVersion: `TLSv${settings.GATEWAY_TLS_MIN_VERSION}`,
    handshakeTimeoutMs: settings.GATEWAY_TLS_HANDSHAKE_TIMEOUT,
    clients: clientsOf(settings),
  };
}

function clientsOf(settings: ListenerSettings): ListenerTls['clients'] {
  const { GATEWAY_TLS_CLIENT_CA_FILE: caFile, GATEWAY_TLS_CLIENT_IDENTITIES: identities = [] } = settings;
  if (caFile === undefined) return undefined;
  return { caFile, required: settings.GATEWAY_TLS_CLIENT_AUTH === 'required', identities };
}
