import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Root of the package, the parent of both `src/` and `dist/`. */
const PACKAGE = new URL('../../../', import.meta.url);

/** Directories of `proto/` that other protos import. The others contain service contracts. */
const IMPORTED = ['buf', 'gateway', 'google'];

/** Contents by path, with slashes, relative to the target directory. */
export type Files = ReadonlyMap<string, string>;

/** Thrown when the installation lacks files that a command writes, for example after a manual copy. */
export class MissingFilesError extends Error {
  override readonly name = 'MissingFilesError';
}

/** Returns the protos that a contract imports: the policy, google.api and others that the gateway reads. Throws MissingFilesError. */
export function importedProtos(): Files {
  const all = readTree('proto');
  return new Map(
    [...all].filter(([path]) => IMPORTED.includes(path.split('/', 1)[0] ?? '') && path.endsWith('.proto')),
  );
}

/** Returns the files of a directory of the package and its subdirectories. Throws MissingFilesError. */
export function readTree(directory: string): Files {
  const root = fileURLToPath(new URL(`${directory}/`, PACKAGE));
  try {
    const entries = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const paths = entries.map(({ parentPath, name }) =>
      `${parentPath}/${name}`.slice(root.length).replace(/^[/\\]/, ''),
    );
    const sorted = paths.map((path) => path.replaceAll('\\', '/')).toSorted();
    return new Map(sorted.map((path) => [path, readFileSync(`${root}/${path}`, 'utf8')]));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new MissingFilesError(`this installation has no ${directory}/: ${reason}; use the package or a checkout`);
  }
}
