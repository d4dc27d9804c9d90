import { describe, expect, it } from 'vitest';
import { SourcePositions } from './source-positions.js';

const ROOT = new URL('../../../../', import.meta.url);
const at = (url: string, lineNumber = 4) => ({ functionName: 'f', url, lineNumber, columnNumber: 0 });
/** Generated line 5 is line 3 of the source, generated line 6 is line 9. */
const MAP = {
  version: 3,
  sources: ['source.ts'],
  names: [],
  mappings: ';;;;AAEA;AAMA',
  file: '',
  sourcesContent: [],
  sourceRoot: '',
};

describe('positions', () => {
  it('are those of the source where there is a map', async () => {
    const url = new URL('dist/a.mjs', ROOT).href;
    const positions = await SourcePositions.of([url], async () => MAP);
    expect(positions.frame(at(url))).toEqual({ name: 'f', file: 'dist/source.ts', startLine: 3, line: 3 });
    expect(positions.frame(at(url), 6)).toMatchObject({ startLine: 3, line: 9 });
    // Code that the compiler added has no source.
    expect(positions.frame(at(url), 90)).toMatchObject({ startLine: 3, line: 3 });
  });

  it.each([
    ['of Node itself stay as they are', 'node:internal/timers', 'node:internal/timers'],
    ['of a project are paths in it', new URL('node_modules/a/b.cjs', ROOT).href, 'node_modules/a/b.cjs'],
    ['elsewhere are whole paths', 'file:///opt/other/a.mjs', '/opt/other/a.mjs'],
    ['of CommonJS have no URL', '/opt/other/a.cjs', '/opt/other/a.cjs'],
    ['that are not a URL of a file stay as they are', 'evalmachine.<anonymous>', 'evalmachine.<anonymous>'],
  ])('%s', async (_, url, file) => {
    const positions = await SourcePositions.of([url], async () => undefined);
    expect(positions.frame(at(url))).toEqual({ name: 'f', file, startLine: 5, line: 5 });
  });

  it('of what has no script are names alone', async () => {
    const positions = await SourcePositions.of([], async () => undefined);
    expect(positions.frame({ ...at(''), functionName: '(garbage collector)' })).toEqual({
      name: '(garbage collector)',
      file: '',
      startLine: 0,
      line: 0,
    });
  });

  it.each([
    ['is not a map', { version: 3 }],
    ['has wrong mappings', { ...MAP, mappings: '!!!' }],
    ['names a source of a bundler', { ...MAP, sources: ['webpack://package/./a.ts'] }],
    ['names a source that is no URL', { ...MAP, sources: ['http://['] }],
    ['names no source', { ...MAP, sources: [null] }],
  ])('survive a map that %s', async (_, map) => {
    const url = 'file:///opt/other/a.mjs';
    const positions = await SourcePositions.of([url], async () => map as typeof MAP);
    expect(positions.frame(at(url)).name).toBe('f');
  });
});
