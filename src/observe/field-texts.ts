import type { AccessField, FieldSource, FieldValue } from './access-fields.js';
import { escaped, millisecondsText } from './json-text.js';

/** Returns what stands in the line for a request. */
export type Text = (source: FieldSource) => string;

/** Stands for the principal of requests that have none. */
const NOBODY = {};

/** Returns `,"name":value`. */
function fieldText([name]: AccessField, value: FieldValue): string {
  const json = typeof value === 'string' ? `"${escaped(value)}"` : JSON.stringify(value);
  return `,"${name}":${json}`;
}

/** Returns the text of fields that are mostly what they were at the last call, made again when one of them is not. */
export function steadyText(fields: readonly AccessField[]): Text {
  const values: (FieldValue | undefined)[] = fields.map(() => undefined);
  const texts = fields.map(() => '');
  let text = '';
  return (source) => {
    let isKnown = true;
    for (const [at, field] of fields.entries()) {
      const value = field[1](source);
      if (value === values[at]) continue;
      isKnown = false;
      values[at] = value;
      texts[at] = fieldText(field, value);
    }
    if (!isKnown) text = texts.join('');
    return text;
  };
}

/** Returns the text of fields that depend on the principal alone, made at its first request. */
export function principalText(fields: readonly AccessField[]): Text {
  const texts = new WeakMap<object, string>();
  return (source) => {
    const key = source.call.principal ?? NOBODY;
    let text = texts.get(key);
    if (text === undefined) texts.set(key, (text = fields.map((field) => fieldText(field, field[1](source))).join('')));
    return text;
  };
}

/** Returns the text of a field that each request has anew, without the quotes around it. */
export function ownText([, read, kind]: AccessField): Text {
  switch (kind) {
    case 'foreign':
      return (source) => escaped(read(source) as string);
    case 'ms':
      return (source) => millisecondsText(read(source) as number);
    default:
      return (source) => String(read(source));
  }
}
