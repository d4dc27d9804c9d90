import { describe, expect, it } from 'vitest';
import { findFiles, readText } from './project-files.js';

const sources = findFiles('src/**/*.ts').filter((path) => !path.endsWith('.spec.ts'));
const sorted = (values: Iterable<string>) => [...new Set(values)].toSorted();
const matches = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, value = '']) => value);

describe('exit codes', () => {
  it('of the program are those of the pages, and the other way round', () => {
    const inCode = sources.flatMap((path) => matches(readText(path), /\bEXIT_[A-Z]+ = (\d+)/g));
    const pages = ['runbooks/runbook-api-gateway.md', 'docs/commands.md'];
    const inPages = pages.flatMap((path) => matches(readText(path), /^\| (\d{1,3}) +\|/gm));
    // 0 is success, and 137 is the kernel's.
    expect(sorted(inPages)).toEqual(sorted([...inCode, '0', '137']));
  });
});

describe('secrets', () => {
  const page = readText('docs/secrets.md');
  const settings = matches(
    readText('docs/configuration.md'),
    /^\| `([A-Z_<>]+)` \| [^|]* \| (?:secret|Redis URL) \|/gm,
  );

  it.each(settings)('%s is on the page of secrets', (name) => {
    expect(page).toContain(`\`${name}\``);
  });

  it('of the page are settings', () => {
    const known = readText('docs/configuration.md');
    const named = page
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .flatMap((line) => matches(line.split('|')[1] ?? '', /`([^`]+)`/g));
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !known.includes(`| \`${name}\` |`))).toEqual([]);
  });
});
