import { isIPv4 } from 'node:net';

/** Returns whether a host is a loopback address or name, including names below `localhost` (RFC 6761 6.3). */
export function isLoopbackHost(host: string): boolean {
  return isOwnHost(host) || host.toLowerCase().endsWith('.localhost');
}

/** Returns whether a host is a loopback address or `localhost`. Names below `localhost` may resolve to another address. */
export function isOwnHost(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
  if (isIPv4(bare)) return bare.startsWith('127.');
  return bare === '::1' || bare === 'localhost';
}

/** Returns whether all addresses of a gRPC target are on this machine. */
export function isLoopbackTarget(target: string): boolean {
  if (target.startsWith('unix:')) return true;
  const addresses = target.replace(/^(dns:\/\/\/|ipv[46]:)/, '').split(',');
  return addresses.every((address) => isLoopbackHost(address.replace(/:\d+$/, '')));
}
