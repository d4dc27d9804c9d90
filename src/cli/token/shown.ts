import { printable, shortened } from '../../observe/printable.js';

const MAX_LENGTH = 128;

/** Returns a part of a token as a terminal may show it, whatever it is; at most 128 characters, escapes not counted. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return printable(shortened(text, MAX_LENGTH));
}
