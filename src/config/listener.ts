import type { ConfigProblem } from './config-error.js';
import type { ListenerTls, UnixSocket } from './http-config.js';
import type { Settings } from './schema.js';
import { type Kind, Refusal } from './setting.js';
import type { Known } from './upstreams.js';

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

/** Finds a certificate without its key, and client settings without the authorities that verify certificates. */
export function listenerProblems(settings: Known<Settings>, unreadable: ReadonlySet<string>): ConfigProblem[] {
  return [...pairProblems(settings, unreadable), ...clientProblems(settings, unreadable)];
}

/** Rejects settings of client certificates that would have no effect. */
function clientProblems(settings: Known<Settings>, unreadable: ReadonlySet<string>): ConfigProblem[] {
  const needs = (name: keyof Settings, other: keyof Settings): ConfigProblem[] => {
    if (settings[name] === undefined || settings[other] !== undefined || unreadable.has(other)) return [];
    return [{ name, reason: `is set, but ${other} is not`, hint: `set ${other} as well` }];
  };
  return [
    ...needs('GATEWAY_TLS_CLIENT_CA_FILE', 'GATEWAY_TLS_CERT_FILE'),
    ...needs('GATEWAY_TLS_CLIENT_IDENTITIES', 'GATEWAY_TLS_CLIENT_CA_FILE'),
  ];
}

function pairProblems(settings: Known<Settings>, unreadable: ReadonlySet<string>): ConfigProblem[] {
  const pair = ['GATEWAY_TLS_CERT_FILE', 'GATEWAY_TLS_KEY_FILE'] as const;
  if (pair.some((name) => unreadable.has(name))) return [];
  const [present, missing] = settings[pair[0]] === undefined ? [pair[1], pair[0]] : pair;
  if (settings[present] === undefined || settings[missing] !== undefined) return [];
  return [{ name: missing, reason: `is not set, but ${present} is`, hint: 'set both, or neither for plaintext' }];
}

/** Maps the settings of the socket; undefined when the gateway listens on a port. */
export function unixSocketOf(settings: Settings): UnixSocket | undefined {
  const { GATEWAY_LISTEN: path, GATEWAY_LISTEN_MODE: mode } = settings;
  return path === undefined ? undefined : { path, mode };
}

/** Maps the TLS settings of the client listener; undefined for plaintext. */
export function listenerTlsOf(settings: Settings): ListenerTls | undefined {
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

function clientsOf(settings: Settings): ListenerTls['clients'] {
  const { GATEWAY_TLS_CLIENT_CA_FILE: caFile, GATEWAY_TLS_CLIENT_IDENTITIES: identities = [] } = settings;
  if (caFile === undefined) return undefined;
  return { caFile, required: settings.GATEWAY_TLS_CLIENT_AUTH === 'required', identities };
}
