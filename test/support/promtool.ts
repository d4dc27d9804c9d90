import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const CACHED = join(ROOT, '.cache/debian/bin/promtool');

/** Path of promtool: from PATH, else from .cache, where scripts/debian-tools.sh puts it. Throws its one line when it cannot be had. */
export function findPromtool(): string {
  const inPath = (process.env.PATH ?? '').split(delimiter).map((directory) => join(directory, 'promtool'));
  const found = [...inPath, CACHED].find((path) => existsSync(path));
  if (found !== undefined) return found;
  execFileSync(join(ROOT, 'scripts/debian-tools.sh'), ['promtool'], { stdio: ['ignore', 'ignore', 'pipe'] });
  return CACHED;
}
