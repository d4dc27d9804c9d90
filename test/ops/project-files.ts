import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** The project's directory. */
export const ROOT = join(import.meta.dirname, '../..');

/** Text of a file, by its path from the project's directory. */
export function readText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** A YAML document of the project; the caller says of which form it is. */
export function readYaml<T>(path: string): T {
  return parse(readText(path)) as T;
}

/** Paths of the project's files that match a glob, sorted. */
export function findFiles(pattern: string): string[] {
  return globSync(pattern, { cwd: ROOT }).toSorted();
}
