import { trimOws } from '../domain/header-text.js';

/** Returns the values of all cookies with this name, in the order of the Cookie header (RFC 6265bis 5.8.3: names are case-sensitive). */
export function cookieValues(header: string, name: string): string[] {
  const prefix = `${name}=`;
  if (!header.includes(prefix)) return [];
  return header
    .split(';')
    .map(trimOws)
    .filter((pair) => pair.startsWith(prefix))
    .map((pair) => pair.slice(prefix.length));
}
