import { printable, shortened } from '../../observe/printable.js';

const MAX_LENGTH = 128;

/** Returns a part of a token in a form that is safe to print; at most 128 characters, not counting escapes. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return printable(shortened(text, MAX_LENGTH));
}
