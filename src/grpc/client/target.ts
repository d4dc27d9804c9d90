import { isIP } from 'node:net';

/** A place to connect to. */
export type Address = HostPort | { readonly path: string };

/** A host, or its address, and a port. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** What a gRPC target says: where to connect, and how to speak of it there. */
export interface Target {
  /** A name whose addresses come and go. */
  readonly name: HostPort | undefined;
  /** Addresses that never change, when there is no name. */
  readonly addresses: readonly Address[];
  /** Value of `:authority`. */
  readonly authority: string;
  /** Whom certificates must be for, unless the settings say so; undefined: the address. */
  readonly serverName: string | undefined;
}

/** Reads a target in one of the forms that the settings let through. Throws TypeError for any other. */
export function parseTarget(target: string): Target {
  const colon = target.indexOf(':');
  const rest = target.slice(colon + 1);
  switch (target.slice(0, colon)) {
    case 'dns':
      return namedTarget(rest.replace(/^\/\/\//, ''));
    case 'ipv4':
    case 'ipv6':
      return fixedTarget(rest.split(','));
    case 'unix':
      return {
        name: undefined,
        addresses: [{ path: unixPath(rest) }],
        authority: 'localhost',
        serverName: 'localhost',
      };
    default:
      throw new TypeError(`"${target}" is no gRPC target`);
  }
}

/** An address as a key: equal ones have equal texts. */
export function addressKey(address: Address): string {
  return 'path' in address ? `unix:${address.path}` : `${address.host}|${address.port}`;
}

function namedTarget(hostPort: string): Target {
  const name = splitHostPort(hostPort);
  if (isIP(name.host) !== 0) return fixedTarget([hostPort]);
  return { name, addresses: [], authority: hostPort, serverName: name.host };
}

function fixedTarget(hostPorts: readonly string[]): Target {
  const addresses = hostPorts.map(splitHostPort);
  return { name: undefined, addresses, authority: hostPorts[0] ?? '', serverName: undefined };
}

function splitHostPort(hostPort: string): HostPort {
  const colon = hostPort.lastIndexOf(':');
  const host = hostPort.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  const port = Number(hostPort.slice(colon + 1));
  if (host === '' || !Number.isInteger(port)) throw new TypeError(`"${hostPort}" is no host and port`);
  return { host, port };
}

/** `unix:relative`, `unix:/absolute` and `unix:///absolute` are all in use. */
function unixPath(rest: string): string {
  return rest.replace(/^\/\/(?=\/)/, '');
}
