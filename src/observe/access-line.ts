import type { CallContext } from '../domain/call-context.js';
import { ACCESS_FIELDS, type FieldSource } from './access-fields.js';
import type { HttpFacts } from './http-facts.js';

/** Text without a character that JSON must escape. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const PLAIN = /^[^"\\\u0000-\u001f\ud800-\udfff]*$/;

/** Each field with its key as JSON text, made once. */
const WRITERS = ACCESS_FIELDS.map(([name, read, origin]) => ({
  key: `,${JSON.stringify(name)}:`,
  read,
  isForeign: origin === 'foreign',
}));

/**
 * The one line of a request as JSON text: both lines of document 002, joined (rows 002-1 to 002-10). Written field by
 * field, since an object of seventy fields costs more to serialize than the request costs to check.
 * @param head the fields that come first on every line of this process, as the beginning of a JSON object.
 */
export function accessLine(head: string, call: CallContext, http: HttpFacts): string {
  const source: FieldSource = { call, http, authMs: call.authnMs + call.authzMs };
  let line = head;
  for (const { key, read, isForeign } of WRITERS) {
    const value = read(source);
    if (typeof value !== 'string') line += key + String(value);
    else line += isForeign && !PLAIN.test(value) ? key + JSON.stringify(value) : `${key}"${value}"`;
  }
  return `${line}}\n`;
}
