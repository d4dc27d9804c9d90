import type { AccessField, FieldSource, FieldValue } from './access-fields.js';
import { escaped, millisecondsText } from './json-text.js';

/** Returns the text of the line for a request. */
export type Text = (source: FieldSource) => string;

/** Placeholder for the principal of requests without one. */
const NOBODY = {};

/** Returns `,"name":value`. */
function fieldText([name]: AccessField, value: FieldValue): string {
  const json = typeof value === 'string' ? `"${escaped(value)}"` : JSON.stringify(value);
  return `,"${name}":${json}`;
}

/** Returns a cached text of fields that seldom change, rebuilt when one of them does. */
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

/** Returns a text of fields that depend on the principal only, built at its first request. */
export function principalText(fields: readonly AccessField[]): Text {
  const texts = new WeakMap<object, string>();
  return (source) => {
    const key = source.call.principal ?? NOBODY;
    let text = texts.get(key);
    if (text === undefined) texts.set(key, (text = fields.map((field) => fieldText(field, field[1](source))).join('')));
    return text;
  };
}

/** Returns the text of a field that differs for each request, without the quotes around it. */
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
