import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findFiles, readText, ROOT } from './project-files.js';

const LINK = /\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)$/gm;

/** Links of a Markdown file to files and headings of the project that do not exist. */
function brokenLinks(path: string): string[] {
  const targets = [...readText(path).matchAll(LINK)].map((match) => match[1] ?? match[2] ?? '');
  return targets.filter((target) => !/^[a-z]+:/.test(target) && !leadsSomewhere(target, path));
}

function leadsSomewhere(target: string, from: string): boolean {
  const [file = '', anchor] = target.split('#');
  const path = file === '' ? from : join(dirname(from), file);
  return existsSync(join(ROOT, path)) && (anchor === undefined || anchorsOf(path).includes(anchor));
}

function anchorsOf(path: string): string[] {
  const headings = [...readText(path).matchAll(/^#+ (.+)$/gm)].map((match) => match[1] ?? '');
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .replace(/\s/g, '-'),
  );
}

describe('the links', () => {
  it.each(findFiles('{*.md,docs/**/*.md,runbooks/**/*.md}'))('of %s lead somewhere', (path) => {
    expect(brokenLinks(path)).toEqual([]);
  });
});
