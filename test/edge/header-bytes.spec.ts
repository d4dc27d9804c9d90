import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');

/** Rooms that read header values. Methods such as trim() are kept out of them by the linter, which does not read patterns. */
const ROOMS = ['domain', 'observe', 'traffic', 'access', 'sso', 'edge', 'ops'];

/** All regular expressions of a file, as they are written. */
function patternsOf(path: string): string[] {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) found.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** White space classes hold U+00A0 and U+FEFF; with `i` and `u` or `v` together, `s` and `k` match U+017F and U+212A. */
function isUnicodeAware(pattern: string): boolean {
  const [, body = '', flags = ''] = /^\/(.*)\/([a-z]*)$/s.exec(pattern) ?? [];
  return /(?<!\\)(?:\\\\)*\\[sS]/.test(body) || (flags.includes('i') && /[uv]/.test(flags));
}

describe('a regular expression in a room that reads header values', () => {
  const files = globSync(`src/{${ROOMS.join(',')}}/**/*.ts`, { cwd: ROOT }).filter(
    (path) => !/\.(spec|client)\./.test(path),
  );

  it.each(files)('of %s matches bytes, not Unicode classes', (path) => {
    expect(patternsOf(join(ROOT, path)).filter(isUnicodeAware)).toEqual([]);
  });

  it('is told apart by its classes and flags', () => {
    const wrong = ['/a\\s*b/', '/\\S+/g', '/kelvin/iu', '/x/vi'];
    const fine = ['/[ \\t]*/', '/\\\\s/', '/kelvin/i', '/x/u', '/[\\w.-]+/'];
    expect(wrong.filter(isUnicodeAware)).toEqual(wrong);
    expect(fine.filter(isUnicodeAware)).toEqual([]);
  });
});
