import { isIPv4 } from 'node:net';

/** A host that no packet leaves the machine for. `localhost` and names below it count (RFC 6761 6.3). */
export function isLoopbackHost(host: string): boolean {
  return isOwnHost(host) || host.toLowerCase().endsWith('.localhost');
}

/** The same without the names below `localhost`, of which a resolver may know some other address. */
export function isOwnHost(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
  if (isIPv4(bare)) return bare.startsWith('127.');
  return bare === '::1' || bare === 'localhost';
}

/** A gRPC target all of whose addresses are on this machine. */
export function isLoopbackTarget(target: string): boolean {
  if (target.startsWith('unix:')) return true;
  const addresses = target.replace(/^(dns:\/\/\/|ipv[46]:)/, '').split(',');
  return addresses.every((address) => isLoopbackHost(address.replace(/:\d+$/, '')));
}
