import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** Programs by their names in Debian. */
export type PrometheusTool = 'promtool' | 'amtool' | 'prometheus' | 'prometheus-alertmanager';

/** Path of a tool: from PATH, else from .cache, where scripts/debian-tools.sh puts it. Throws its one line when it cannot be had. */
export function findPrometheusTool(name: PrometheusTool): string {
  const cached = join(ROOT, '.cache/debian/bin', name);
  const inPath = (process.env.PATH ?? '').split(delimiter).map((directory) => join(directory, name));
  const found = [...inPath, cached].find((path) => existsSync(path));
  if (found !== undefined) return found;
  execFileSync(join(ROOT, 'scripts/debian-tools.sh'), [name], { stdio: ['ignore', 'ignore', 'pipe'] });
  return cached;
}
