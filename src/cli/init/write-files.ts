import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Files } from './package-files.js';

/** Thrown for existing files with other content; no file was written. */
export class OverwriteError extends Error {
  override readonly name = 'OverwriteError';

  constructor(readonly paths: readonly string[]) {
    super(`${paths.join(', ')}: already exist`);
  }
}

/** Writes files below a directory and creates it if needed. Throws OverwriteError before the first write, unless forced. */
export function writeFiles(directory: string, files: Files, { force }: { readonly force: boolean }): void {
  const targets = [...files].map(([path, text]) => ({ path: join(directory, path), text }));
  const others = targets.filter(({ path, text }) => existsSync(path) && readFileSync(path, 'utf8') !== text);
  if (others.length > 0 && !force) throw new OverwriteError(others.map(({ path }) => path));
  for (const { path, text } of targets) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}
