import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const CACHE = join(ROOT, '.cache/debian');

/** Libraries of the downloaded tools, for LD_LIBRARY_PATH. */
export const DEBIAN_LIBRARIES = join(CACHE, 'lib');

/** Returns the path of a tool: from PATH, or from .cache, where scripts/debian-tools.sh puts it. Throws one line if it is not available. */
export function findDebianTool(name: string): string {
  const cached = join(CACHE, 'bin', name);
  const inPath = (process.env.PATH ?? '').split(delimiter).map((directory) => join(directory, name));
  const found = [...inPath, cached].find((path) => existsSync(path));
  if (found !== undefined) return found;
  execFileSync(join(ROOT, 'scripts/debian-tools.sh'), [name], { stdio: ['ignore', 'ignore', 'pipe'] });
  return cached;
}

/** Programs of Prometheus, by their names in Debian. */
export type PrometheusTool = 'promtool' | 'amtool' | 'prometheus' | 'prometheus-alertmanager';

/** Returns the path of a tool of Prometheus. Throws one line if it is not available. */
export function findPrometheusTool(name: PrometheusTool): string {
  return findDebianTool(name);
}
