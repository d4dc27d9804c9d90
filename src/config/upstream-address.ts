import { isIPv4, isIPv6 } from 'node:net';
import { type Kind, Refusal } from './setting.js';

/** Address of an upstream as a gRPC target, and whether its scheme implies encryption. */
export interface UpstreamAddress {
  readonly target: string;
  /** Undefined when the scheme does not imply it; the TLS settings decide then. */
  readonly encrypted: boolean | undefined;
}

/** Schemes with one host and port, and whether they imply encryption. */
const HOST_SCHEMES = new Map([
  ['grpc', false],
  ['http', false],
  ['grpcs', true],
  ['https', true],
]);
const FORMS = 'write host:port, dns:///host:port, grpc://host:port, grpcs://host:port or http(s)://host:port';

/** Value in place of an address when a deployment intentionally lacks the upstream. */
export const NONE = 'none';

/** Parses the address of an upstream in any common notation, or `none`. */
export const addressOrNone: Kind<UpstreamAddress | typeof NONE> = {
  form: 'address',
  parse: (raw) => (raw === NONE ? NONE : parseAddress(raw)),
};

function parseAddress(raw: string): UpstreamAddress {
  if (/^dns:\/\/[^/]/.test(raw)) {
    throw new Refusal(`"${raw}" names a DNS server`, `write three slashes: dns:///${raw.slice('dns://'.length)}`);
  }
  const [, scheme, rest = ''] = /^([a-z][a-z0-9]*):(\/\/.*|[^\d].*|\d+\..*)$/i.exec(raw) ?? [];
  if (scheme === undefined) return { target: `dns:///${parseHostPort(raw, raw)}`, encrypted: undefined };
  return parseWithScheme(raw, scheme.toLowerCase(), rest);
}

function parseWithScheme(raw: string, scheme: string, rest: string): UpstreamAddress {
  const encrypted = HOST_SCHEMES.get(scheme);
  if (encrypted !== undefined && rest.startsWith('//')) {
    return { target: `dns:///${parseHostPort(raw, rest.slice(2).replace(/\/$/, ''))}`, encrypted };
  }
  if (scheme === 'xds') return parseXds(raw, rest);
  if (scheme === 'unix') return { target: raw, encrypted: undefined };
  if (scheme === 'dns') {
    return { target: `dns:///${parseHostPort(raw, rest.replace(/^\/\/\//, ''))}`, encrypted: undefined };
  }
  if (scheme === 'ipv4' || scheme === 'ipv6') {
    const addresses = rest.split(',').map((each) => parseHostPort(raw, each));
    return { target: `${scheme}:${addresses.join(',')}`, encrypted: undefined };
  }
  throw new Refusal(`"${raw}" has a scheme that is not one of a gRPC address`, FORMS);
}

/** Parses an xDS name. The xDS server decides about encryption. */
function parseXds(raw: string, rest: string): UpstreamAddress {
  if (!/^\/\/[^/]*\/[^/]+$/.test(rest)) throw new Refusal(`"${raw}" is not an xDS address`, 'write xds:///name');
  return { target: `xds:${rest}`, encrypted: undefined };
}

function parseHostPort(raw: string, hostPort: string): string {
  if (hostPort.includes('@')) throw new Refusal('the address contains a user name or password', FORMS);
  if (/[/?#]/.test(hostPort)) {
    throw new Refusal(
      `"${raw}" has a path`,
      `gRPC addresses have no path: write ${hostPort.split(/[/?#]/, 1)[0] ?? ''}`,
    );
  }
  if (/^[\da-f.]*:[\da-f.:]*:[\da-f.]*$/i.test(hostPort))
    throw new Refusal(`"${raw}" is ambiguous`, 'put the address in brackets: [::1]:50051');
  const [, wrongPort] = /^[^:]+:([^:]*[^:\d][^:]*)$/.exec(hostPort) ?? [];
  if (wrongPort)
    throw new Refusal(`"${raw}" has port ${wrongPort}, which is not a number`, 'write a port from 1 to 65535');
  const [, host, portText] = /^(.*?)(?::(\d*))?$/.exec(hostPort) ?? [];
  if (!host) throw new Refusal(`"${raw}" has no host`, `write localhost${hostPort || ':50051'}`);
  if (!portText) throw new Refusal(`"${raw}" has no port`, hintForPort(host));
  if (!isHost(host)) throw new Refusal(`"${raw}" has no valid host name`, FORMS);
  if (Number(portText) < 1 || Number(portText) > 65_535) {
    throw new Refusal(`"${raw}" has port ${portText}, which does not exist`, 'write a port from 1 to 65535');
  }
  return hostPort;
}

/** Suggests `none` for words such as `null` or `off`, which are hardly host names. */
function hintForPort(host: string): string {
  return /^(?:none|null|off|false|disabled)$/i.test(host)
    ? `write ${NONE} for an upstream that does not exist`
    : `write ${host}:50051`;
}

function isHost(host: string): boolean {
  if (/^\[.*\]$/.test(host)) return isIPv6(host.slice(1, -1));
  if (/^[\d.]+$/.test(host)) return isIPv4(host);
  return /^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?$/.test(host);
}
