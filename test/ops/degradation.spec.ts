import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readText } from './project-files.js';

const PAGE = 'docs/degradation.md';
/** A test: link to its file, then its title in quotation marks. */
const TEST = /\[[\w-]+\]\(([^)]+\.spec\.ts)\) "([^"]+)"/g;

const rows = readText(PAGE)
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (what|-+) /.test(line));
const promises = rows.map((row) => ({
  what: row.split('|')[1]?.trim() ?? '',
  tests: [...row.matchAll(TEST)].map(([, path = '', title = '']) => ({ path: join('docs', path), title })),
}));

describe('the degradation matrix', () => {
  it('has rows', () => expect(promises.length).toBeGreaterThan(40));

  it.each(promises)('names tests that exist: $what', ({ tests }) => {
    expect(tests).not.toEqual([]);
    for (const { path, title } of tests) {
      const titles = [...readText(path).matchAll(/\bit(?:\.each\([\s\S]*?\))?\(\s*'((?:[^'\\]|\\.)*)'/g)].map(
        ([, each]) => each,
      );
      expect(titles, path).toContain(title);
    }
  });

  it('has every component that may be degraded', () => {
    const components = [...readText('runbooks/alerts/GatewayDegraded.md').matchAll(/^\| `(\w+)`/gm)].map(
      ([, name]) => name,
    );
    expect(components.length).toBeGreaterThan(10);
    const headings = readText(PAGE);
    expect(components.filter((name) => !headings.includes(`\`${name}\``))).toEqual([]);
  });
});
