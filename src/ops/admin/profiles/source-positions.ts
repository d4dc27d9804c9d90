import { readFile } from 'node:fs/promises';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { isAbsolute, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Frame } from './profile-builder.js';

/** Maximum number of source maps of one profile; positions in other scripts are not mapped. */
const MAX_MAPS = 1_000;
const MAX_MAP_BYTES = 8 * 1_048_576;
/** Root of the project, relative to this file in `src` and in `dist`. */
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

/** A function as V8 describes it. Lines and columns start at 0. */
export interface CodePosition {
  readonly functionName: string;
  /** URL or path of the script. */
  readonly url: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

/** Finds the source map of a script without one on disk, for instance one that was compiled when it was loaded. */
export type FindSourceMap = (path: string) => Promise<SourceMapPayload | undefined>;

/** Maps positions in the running code to positions in the TypeScript sources, for one profile. */
export class SourcePositions {
  private readonly maps = new Map<string, SourceMap | undefined>();

  /** Reads the source maps of scripts. */
  static async of(urls: Iterable<string>, find: FindSourceMap): Promise<SourcePositions> {
    const positions = new SourcePositions();
    for (const url of new Set(urls)) {
      const path = pathOf(url);
      if (path === '' || positions.maps.size >= MAX_MAPS) continue;
      const payload = (await readMapBeside(path)) ?? (await find(path));
      positions.maps.set(url, payload && parse(payload));
    }
    return positions;
  }

  /**
   * Returns the frame of a function.
   * @param line running line of its script, from 1, if known.
   */
  frame({ functionName, url, lineNumber, columnNumber }: CodePosition, line?: number): Frame {
    const name = functionName === '' ? '(anonymous)' : functionName;
    if (url === '') return { name, file: '', startLine: 0, line: 0 };
    const map = this.maps.get(url);
    const start = map?.findEntry(lineNumber, columnNumber);
    if (map === undefined || start === undefined || !('originalSource' in start)) {
      return { name, file: shorten(pathOf(url) || url), startLine: lineNumber + 1, line: line ?? lineNumber + 1 };
    }
    const file = shorten(sourcePath(start.originalSource, pathOf(url)));
    const startLine = start.originalLine + 1;
    return { name, file, startLine, line: line === undefined ? startLine : originalLine(map, line - 1, startLine) };
  }
}

/** Returns the source line of the first mapped position on a line; more is not known without a column. */
function originalLine(map: SourceMap, line: number, startLine: number): number {
  const entry = map.findEntry(line, Number.MAX_SAFE_INTEGER);
  if (!('originalLine' in entry) || entry.generatedLine !== line) return startLine;
  return Math.max(entry.originalLine + 1, startLine);
}

function parse(payload: SourceMapPayload): SourceMap | undefined {
  try {
    return new SourceMap(payload);
  } catch {
    return undefined;
  }
}

/** Reads the source map that the compiler wrote beside a script: `index.js.map`. */
async function readMapBeside(path: string): Promise<SourceMapPayload | undefined> {
  if (!path.endsWith('.js')) return undefined;
  try {
    const text = await readFile(`${path}.map`, 'utf8');
    return text.length > MAX_MAP_BYTES ? undefined : (JSON.parse(text) as SourceMapPayload);
  } catch {
    return undefined;
  }
}

/**
 * Returns the path of a script. ES modules have a URL, CommonJS modules a path, and Node's built-in modules neither.
 */
function pathOf(url: string): string {
  if (url.startsWith('file:')) return asPath(url) ?? '';
  return isAbsolute(url) ? url : '';
}

function sourcePath(source: string, script: string): string {
  return asPath(source, pathToFileURL(script)) ?? source;
}

/** Returns a URL as a path. Bundlers use their own schemes, such as `webpack:`. */
function asPath(url: string, base?: URL): string | undefined {
  try {
    return fileURLToPath(new URL(url, base));
  } catch {
    return undefined;
  }
}

/** Returns the path within the project, or the full path of other files. */
function shorten(path: string): string {
  const inside = isAbsolute(path) ? relative(ROOT, path) : path;
  return inside.startsWith('..') ? path : inside;
}
