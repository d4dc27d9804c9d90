import { isIPv4, isIPv6 } from 'node:net';
import { type Kind, Refusal } from './setting.js';

/** Address of a listener. */
export interface ListenAddress {
  /** IP address without brackets, or host name. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

const FORMS = 'write host:port, 127.0.0.1:6060 or [::1]:6060, or leave it empty to disable the listener';

/** Parses `host:port`. An empty value disables the listener, while an unset variable means the default. */
export const listenAddress: Kind<ListenAddress | undefined> = {
  form: 'host:port',
  takesEmpty: true,
  parse: (raw) => (raw === '' ? undefined : parseListenAddress(raw)),
};

/** Parses `host:port` of a remote host. */
export const remoteAddress: Kind<ListenAddress> = {
  form: 'host:port',
  parse(raw) {
    const address = parseListenAddress(raw);
    if (address.port > 0) return address;
    throw new Refusal(`"${raw}" has port 0, which nothing listens on`, 'write the port to connect to');
  },
};

/** Formats an address as in a setting: `[::1]:6060`. */
export function formatListenAddress({ host, port }: ListenAddress): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

function parseListenAddress(raw: string): ListenAddress {
  const [, bracketed, bare, port] = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(raw) ?? [];
  if (port === undefined) throw new Refusal(`"${raw}" is not a listen address`, FORMS);
  if (Number(port) > 65_535) throw new Refusal(`"${raw}" has port ${port}, which does not exist`, FORMS);
  const host = bracketed ?? bare ?? '';
  if (host === '' || host === '*') throw new Refusal(`"${raw}" has no host`, `write 0.0.0.0:${port} for all addresses`);
  const isValid = bracketed === undefined ? isName(host) : isIPv6(host);
  if (!isValid) throw new Refusal(`"${raw}" has no valid host`, FORMS);
  return { host: host.toLowerCase(), port: Number(port) };
}

function isName(host: string): boolean {
  if (/^[\d.]+$/.test(host)) return isIPv4(host);
  return /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(host);
}
