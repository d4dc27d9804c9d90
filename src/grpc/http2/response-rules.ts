/** Controls, space, upper case, and what is not ASCII: octets that no field name may hold (RFC 9113, section 8.2.1). */
const FORBIDDEN_IN_NAME = /[^!-@[-~]/;
/** They are about a connection of HTTP/1.1 (RFC 9113, section 8.2.2). */
const CONNECTION_SPECIFIC: ReadonlySet<string> = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
]);

/** Returns why a response with a field of this name is malformed, or undefined (RFC 9113, sections 8.2 and 8.3). */
export function nameFlaw(name: string): string | undefined {
  if (name.startsWith(':')) return name === ':status' ? undefined : 'pseudo-header other than :status';
  if (name === '' || name.includes(':') || FORBIDDEN_IN_NAME.test(name)) return 'field name with a forbidden character';
  return CONNECTION_SPECIFIC.has(name) ? `connection-specific header field ${name}` : undefined;
}
