import { describe, expect, it } from 'vitest';
import { readText } from './project-files.js';

const SECTIONS = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security'];

/** The text of each version, its heading first. */
const versions = readText('CHANGELOG.md').split(/^## /m).slice(1);

describe.each(versions.map((text) => [text.split('\n', 1)[0] ?? '', text]))('the changelog of %s', (_version, text) => {
  it('has each section once, in the order of Keep a Changelog', () => {
    const found = [...text.matchAll(/^### (.+)$/gm)].map(([, name = '']) => name);
    expect(found).toEqual(SECTIONS.filter((name) => found.includes(name)));
  });

  it('has each entry once, in one form', () => {
    const beginnings = text
      .split('\n')
      .filter((line) => line.startsWith('- '))
      .map((entry) => entry.slice(0, 60));
    expect(beginnings.filter((each, at) => beginnings.indexOf(each) !== at)).toEqual([]);
  });
});
