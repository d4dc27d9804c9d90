import type { FastifyReply } from 'fastify';
import type { ReceivedHeaders } from '../traffic/call.js';

/** Maximum length of a value of a backend header, in bytes; longer ones are omitted. */
const MAX_VALUE_BYTES = 4_096;
/** Printable ASCII, with spaces and tabs inside (RFC 9110 5.5, without obs-text). */
const VALUE = /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/;
/** A path of this server at the beginning of a location, or as the target of a link (RFC 8288 3). */
const OWN_PATH = /^\/(?![/\\])/;
const LINKED_PATH = /<\/(?![/\\])/g;

/** Headers of a backend as clients receive them. */
export type PassedHeaders = Readonly<Record<string, string>>;

/** Returns the headers whose values are valid in a response; undefined when there are none. */
export function passHeaders(received: ReceivedHeaders | undefined): PassedHeaders | undefined {
  if (received === undefined) return undefined;
  const passed = Object.entries(received.values).filter(
    ([, value]) => value.length <= MAX_VALUE_BYTES && VALUE.test(value),
  );
  return passed.length === 0 ? undefined : Object.fromEntries(passed);
}

/**
 * Writes headers of a backend into a response. Paths of this server in them are prefixed with the base path that the
 * client calls.
 */
export function writePassed(reply: FastifyReply, headers: PassedHeaders): void {
  const { basePath } = reply.request.call;
  for (const [name, value] of Object.entries(headers)) void reply.header(name, withBase(name, value, basePath));
}

function withBase(name: string, value: string, basePath: string): string {
  if (basePath === '') return value;
  if (name === 'location' || name === 'content-location') return value.replace(OWN_PATH, `${basePath}/`);
  return name === 'link' ? value.replaceAll(LINKED_PATH, `<${basePath}/`) : value;
}
