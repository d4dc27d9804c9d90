import { expect, it } from 'vitest';
import { findFiles, readText } from './project-files.js';

const records = findFiles('docs/decisions/[0-9]*.md')
  .map((path) => path.replace('docs/decisions/', ''))
  .toSorted();

it('decisions are numbered from 0001 on, each once', () => {
  const numbers = records.map((name) => Number(name.slice(0, 4)));
  expect(numbers).toEqual(records.map((_, index) => index + 1));
});

it('the index of decisions names each by its own title, in order', () => {
  const titles = records.map((name) => [readText(`docs/decisions/${name}`).split('\n', 1)[0]?.slice(2), name]);
  const index = [...readText('docs/decisions/README.md').matchAll(/^- \[(.+)\]\((.+)\)$/gm)];
  expect(index.map(([, title, name]) => [title, name])).toEqual(titles);
});
