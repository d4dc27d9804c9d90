import { METHODS } from 'node:http';

/** Methods that no RPC may have, with the reason. */
const RESERVED: ReadonlyMap<string, string> = new Map([
  ['CONNECT', 'it is for proxies (RFC 9110 9.3.6)'],
  ['TRACE', 'it never reaches a handler (RFC 9110 9.3.8)'],
  ['M-SEARCH', 'it is for devices that look for each other over UDP (UPnP)'],
  ['HEAD', 'the gateway answers it with what it has for GET (RFC 9110 9.3.2)'],
  ['OPTIONS', 'the gateway answers it with the methods of the path (RFC 9110 9.3.7)'],
]);

/**
 * Every method that a binding may have: validation accepts exactly these, and the HTTP server is configured for them.
 */
export const ROUTABLE_VERBS: readonly string[] = METHODS.filter((verb) => !RESERVED.has(verb));

/** Returns why a method cannot be the verb of a binding; undefined for one that can. */
export function findVerbMistake(verb: string): string | undefined {
  if (ROUTABLE_VERBS.includes(verb)) return undefined;
  const reason = RESERVED.get(verb);
  return `no HTTP method that can be routed${reason === undefined ? '' : `: ${reason}`}; known are ${ROUTABLE_VERBS.join(', ')}`;
}
