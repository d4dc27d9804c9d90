import type { Route } from './route.js';
import { compileStringReader } from './string-reader.js';

/** An entity tag (RFC 9110 8.8.3), in ASCII. */
const ENTITY_TAG = /^(?:W\/)?"[\x21\x23-\x7e]*"$/;
/** Characters that are allowed between its quotes. */
const OPAQUE = /^[\x21\x23-\x7e]+$/;
/** Maximum length of a tag, in characters. */
const MAX_LENGTH = 512;

/** Reads the entity tag of a response from its message, in the form of `ETag`; undefined when it has none. */
export type EtagReader = (message: Uint8Array) => string | undefined;

/** Compiles the reader of a route; undefined where the policy does not name a response field. */
export function compileEtagReader({ desc, method: { policy } }: Route): EtagReader | undefined {
  const { etag } = policy;
  const read = compileStringReader(desc.output, etag?.responseField);
  if (etag === undefined || read === undefined) return undefined;
  const { unquoted } = etag;
  return (message) => asEntityTag(read(message), unquoted);
}

function asEntityTag(value: string, unquoted: boolean): string | undefined {
  if (value.length > MAX_LENGTH) return undefined;
  if (unquoted) return OPAQUE.test(value) ? `"${value}"` : undefined;
  return ENTITY_TAG.test(value) ? value : undefined;
}
