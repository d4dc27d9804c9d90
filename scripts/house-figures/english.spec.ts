import { describe, expect, it } from 'vitest';
import { commentsOf } from './comments.js';
import { BARE_CLAUSE, has, PATTERNS } from './english.js';

/** Not written out below: files do not point to rows and documents, except for the table of requirements. */
const [ROW, DOCUMENT] = ['B-28', '002'];

const patternsOf = (text: string) => PATTERNS.filter((pattern) => has(pattern, text));

describe('patterns of English', () => {
  it.each([
    ['Sends both at once.', '"at once"'],
    ['`80a` is no whole number.', '"is no", "is none"'],
    ['Of those there may be some, but this one is none.', '"is no", "is none"'],
    ['Writes one line a request.', '"a" for "per"'],
    ['At most 100 requests a second.', '"a" for "per"'],
    ['Asked once a call.', '"a" for "per"'],
    [`See row ${ROW}.`, 'row ID'],
    ['FI-31: a lost pod.', 'row ID'],
    [`The names of document ${DOCUMENT} stay.`, 'row ID'],
  ])('are found in "%s"', (text, name) => {
    expect(patternsOf(text).map((pattern) => pattern.name)).toEqual([name]);
  });

  it.each([
    'UTF-8, SHA-256 and AIP-158, as RFC 9113 section 8.1 says; see ADR-17.',
    'There is no policy, and the connection is no longer open.',
    'Opens a file, sends a request and waits a second.',
    'One line per request.',
    'Part of one of a call.',
    '`"A-17"` is an example, and so is "all at once".',
  ])('are not seen in "%s"', (text) => {
    expect(patternsOf(text)).toEqual([]);
  });

  it.each(['What a test changes.', 'Whether it is open.', 'How long it waits.'])(
    'find the bare clause "%s"',
    (text) => {
      expect(has(BARE_CLAUSE, text)).toBe(true);
    },
  );
});

describe('comments of a file', () => {
  const source = [
    '/** Returns one. */',
    "const url = 'http://127.0.0.1'; // the address",
    'const text = `a // b ${1 /* one */} /* c */`;',
    'const expression = /[/*]/; // first',
    '// second',
    '/*',
    ' * A block',
    ' * of lines.',
    ' */',
  ].join('\n');

  it('are found outside of strings, templates and regular expressions', () => {
    expect(commentsOf('a.ts', source)).toEqual([
      { text: 'Returns one.', line: 1, isDoc: true },
      { text: 'the address', line: 2, isDoc: false },
      { text: 'one', line: 3, isDoc: false },
      { text: 'first second', line: 4, isDoc: false },
      { text: 'A block of lines.', line: 6, isDoc: false },
    ]);
  });
});
