import { describe, expect, it } from 'vitest';
import { BARE_CLAUSE, has, type Pattern, PATTERNS } from '../../scripts/house-figures/english.js';
import { allComments } from '../../scripts/house-figures/sources.js';
import { ROOT } from './project-files.js';

/**
 * Ceilings of the patterns that are not gone yet. They may only fall: a commit that removes some lowers the number.
 * Documents have rules of their own, in wording.spec.ts.
 */
const CEILINGS: Readonly<Record<string, number>> = {
  'opens with a bare clause': 187,
  '"is no", "is none"': 10,
  '"a" for "per"': 7,
};

describe('comments of the code', () => {
  const comments = allComments(ROOT);
  const docs = comments.filter(({ isDoc }) => isDoc);
  const findings = (pattern: Pattern, among = comments) =>
    among.filter(({ text }) => has(pattern, text)).map(({ path, line, text }) => `${path}:${line} ${text}`);

  it('are found in every directory', () => {
    expect(docs.length).toBeGreaterThan(5_000);
    expect(new Set(comments.map(({ path }) => path.split('/')[0]))).toEqual(
      new Set(['bench', 'sandbox', 'scripts', 'src', 'test']),
    );
  });

  it.each(PATTERNS)('do not have the pattern $name: write $instead', (pattern) => {
    const found = findings(pattern);
    expect(found.slice(CEILINGS[pattern.name] ?? 0), found.join('\n')).toEqual([]);
  });

  it(`do not begin with a bare clause: ${BARE_CLAUSE.instead}`, () => {
    const found = findings(BARE_CLAUSE, docs);
    expect(found.slice(CEILINGS[BARE_CLAUSE.name] ?? 0), found.slice(0, 20).join('\n')).toEqual([]);
  });
});
