import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const ROOT = join(import.meta.dirname, '..');

/** Calls that start a server or a process. */
const STARTS =
  /\b(?:createServer|createSecureServer|startGateway|startSandbox|spawn|fork|createMicroservice)\(|\bnew (?:Worker|Server)\(|\.listen\(|\bNestFactory\./;
const IMPORT = /^(?:import|export) (?!type\b)(?:[^'";]*? from )?'(\.[^']+)\.js'/gm;

/** Returns the specs of `src/` that start a server, themselves or through a fixture: they belong to the project `gateway`. */
export function serverSpecs(): string[] {
  const known = new Map<string, boolean>();
  return globSync('src/**/*.spec.ts', { cwd: ROOT }).filter((spec) => starts(spec, known));
}

/** Returns true if a spec or a fixture starts a server. What the code under test could start is up to its tests. */
function starts(path: string, known: Map<string, boolean>): boolean {
  const found = known.get(path);
  if (found !== undefined) return found;
  // Holds while its imports are followed, which may lead back.
  known.set(path, false);
  const text = readFileSync(join(ROOT, path), 'utf8');
  const isServer = STARTS.test(text) || fixturesOf(path, text).some((fixture) => starts(fixture, known));
  known.set(path, isServer);
  return isServer;
}

/** Returns the files outside of `src/` that a spec or a fixture imports for more than types. */
function fixturesOf(path: string, text: string): string[] {
  const imported = [...text.matchAll(IMPORT)].map((match) => `${normalize(join(dirname(path), match[1] ?? ''))}.ts`);
  return imported.filter((file) => !file.startsWith('src/'));
}
