import { isIPv4, isIPv6 } from 'node:net';

/** `203.0.113.7:4711`; the port may be an obfuscated one (RFC 7239 6.2). */
const IPV4_NODE = /^(\d{1,3}(?:\.\d{1,3}){3})(?::[\w.-]{1,64})?$/;
/** `[2001:db8::1]:443` */
const BRACKETED_NODE = /^\[([\da-fA-F:.]+)(?:%[\w.~-]+)?\](?::[\w.-]{1,64})?$/;
const MAPPED = /^::ffff:(?:(\d{1,3}(?:\.\d{1,3}){3})|([\da-f]{1,4}):([\da-f]{1,4}))$/i;
/** Maximum length: an IPv6 address with an embedded IPv4 one, its brackets, its zone and a port. */
const MAX_NODE = 160;

/**
 * Returns the address in a node identifier of RFC 7239 section 6, with or without a port, brackets or a zone, as load
 * balancers also write it in X-Forwarded-For. An IPv4-mapped IPv6 address is returned as the IPv4 address. Returns
 * undefined for `unknown`, an obfuscated identifier and anything else that is not an address.
 */
export function nodeAddress(node: string): string | undefined {
  if (node.length > MAX_NODE) return undefined;
  const address = IPV4_NODE.exec(node)?.[1] ?? BRACKETED_NODE.exec(node)?.[1] ?? withoutZone(node);
  if (isIPv4(address)) return address;
  return isIPv6(address) ? plainAddress(shortest(address)) : undefined;
}

/** Returns the address of a peer as the kernel reports it; an IPv4-mapped one as the IPv4 address. */
export function plainAddress(address: string): string {
  const [, dotted, high, low] = MAPPED.exec(address) ?? [];
  if (dotted !== undefined) return dotted;
  if (high === undefined || low === undefined) return address;
  const bytes = [Number.parseInt(high, 16), Number.parseInt(low, 16)].flatMap((group) => [group >> 8, group & 255]);
  return bytes.join('.');
}

/** Rewrites an IPv6 address in the form that RFC 5952 recommends, as the kernel and URLs write it. */
function shortest(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}

function withoutZone(node: string): string {
  const at = node.indexOf('%');
  return at === -1 ? node : node.slice(0, at);
}
