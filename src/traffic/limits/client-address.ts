/** The one bucket of everything that is not an address. */
const NO_ADDRESS = 'other';
const LONGEST_IPV4 = 15;
const GROUP = /^[0-9a-f]{1,4}$/i;
const GROUPS = 8;
/** A customer gets at least a /64, and may use every address in it (RFC 6177). */
const PREFIX_GROUPS = 4;

/**
 * Returns the key that a client is counted by: its IPv4 address, or the /64 of its IPv6 address. Its length is
 * bounded, whatever a proxy passed on.
 */
export function clientKey(address: string): string {
  if (!address.includes(':')) return address.length <= LONGEST_IPV4 && address !== '' ? address : NO_ADDRESS;
  const groups = readGroups(address);
  if (groups === undefined) return NO_ADDRESS;
  const mapped = mappedIpv4(groups);
  return mapped ?? `${groups.slice(0, PREFIX_GROUPS).map(toHex).join(':')}::/64`;
}

/** Returns the eight numbers of an IPv6 address; undefined for anything else. */
function readGroups(address: string): number[] | undefined {
  const [plain = ''] = address.split('%', 1);
  const [head = '', tail, ...more] = plain.split('::');
  if (more.length > 0) return undefined;
  const left = parseGroups(head);
  const right = parseGroups(tail ?? '');
  if (left === undefined || right === undefined) return undefined;
  const missing = GROUPS - left.length - right.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  return [...left, ...Array<number>(missing).fill(0), ...right];
}

function parseGroups(text: string): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  for (const part of text.split(':')) {
    if (part.includes('.')) groups.push(...ipv4Groups(part));
    else if (GROUP.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups.some(Number.isNaN) ? undefined : groups;
}

function ipv4Groups(text: string): [number, number] {
  const [a = NaN, b = NaN, c = NaN, d = NaN] = text.split('.').map(Number);
  return [a * 256 + b, c * 256 + d];
}

/** Returns the IPv4 address of an IPv4-mapped one, such as `::ffff:192.0.2.1` on a dual-stack socket. */
function mappedIpv4(groups: readonly number[]): string | undefined {
  const [high = 0, low = 0] = groups.slice(6);
  if (groups[5] !== 0xffff || groups.slice(0, 5).some((group) => group !== 0)) return undefined;
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

function toHex(group: number): string {
  return group.toString(16);
}
