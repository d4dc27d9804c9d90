import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The package: beside `src/` and `dist/` alike. */
const PACKAGE = new URL('../../../', import.meta.url);

/** Directories of `proto/` that other protos import; the rest are contracts of services. */
const IMPORTED = ['buf', 'gateway', 'google'];

/** Files by their paths, with slashes, below the directory that they are for. */
export type Files = ReadonlyMap<string, string>;

/** An installation that lacks files which a command writes, such as one that was copied by hand. */
export class MissingFilesError extends Error {
  override readonly name = 'MissingFilesError';
}

/** Returns what a contract imports: the policy, google.api and what else the gateway reads. Throws MissingFilesError. */
export function importedProtos(): Files {
  const all = readTree('proto');
  return new Map(
    [...all].filter(([path]) => IMPORTED.includes(path.split('/', 1)[0] ?? '') && path.endsWith('.proto')),
  );
}

/** Returns the files of a directory of the package, those of its subdirectories too. Throws MissingFilesError. */
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
