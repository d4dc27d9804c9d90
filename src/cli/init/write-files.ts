import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Files } from './package-files.js';

/** Files that are there already and say something else; none was written. */
export class OverwriteError extends Error {
  override readonly name = 'OverwriteError';

  constructor(readonly paths: readonly string[]) {
    super(`${paths.join(', ')}: there already`);
  }
}

/** Writes files below a directory, which is made if need be. Throws OverwriteError before the first, unless forced. */
export function writeFiles(directory: string, files: Files, { force }: { readonly force: boolean }): void {
  const targets = [...files].map(([path, text]) => ({ path: join(directory, path), text }));
  const others = targets.filter(({ path, text }) => existsSync(path) && readFileSync(path, 'utf8') !== text);
  if (others.length > 0 && !force) throw new OverwriteError(others.map(({ path }) => path));
  for (const { path, text } of targets) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}
