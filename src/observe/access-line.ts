import { ACCESS_FIELDS, type FieldSource } from './access-fields.js';

/** Text without a character that JSON must escape. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const PLAIN = /^[^"\\\u0000-\u001f\ud800-\udfff]*$/;

/** Each field with its key as JSON text, made once. */
const WRITERS = ACCESS_FIELDS.map(([name, read, origin]) => ({
  key: `,${JSON.stringify(name)}:`,
  read,
  isForeign: origin === 'foreign',
  isJson: origin === 'json',
  // The field with the values that it has on most lines, so that those take no new text.
  empty: field(name, ''),
  zero: field(name, 0),
  yes: field(name, true),
  no: field(name, false),
}));

function field(name: string, value: unknown): string {
  return `,${JSON.stringify(name)}:${JSON.stringify(value)}`;
}

/**
 * The one line of a request as JSON text: both lines of document 002, joined (rows 002-1 to 002-10). Written field by
 * field, since an object of seventy fields costs more to serialize than the request costs to check.
 * @param head the fields that come first on every line of this process, as the beginning of a JSON object.
 */
export function accessLine(head: string, source: FieldSource): string {
  let line = head;
  for (const { key, read, isForeign, isJson, empty, zero, yes, no } of WRITERS) {
    const value = read(source);
    if (value === '') line += empty;
    else if (value === 0) line += zero;
    else if (typeof value === 'boolean') line += value ? yes : no;
    else if (isJson || typeof value !== 'string') line += key + String(value);
    else line += isForeign && !PLAIN.test(value) ? key + JSON.stringify(value) : `${key}"${value}"`;
  }
  return `${line}}\n`;
}
