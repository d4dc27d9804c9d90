import { randomBytes } from 'node:crypto';
import { VERSION } from '../../version.js';
import { type Files, importedProtos, readTree } from './package-files.js';

/** Files that are written with a leading dot in their names, since packages leave out such files. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['env', '.env'],
  ['gitignore', '.gitignore'],
  ['github/gateway.yml', '.github/workflows/gateway.yml'],
]);
const SECRET_BYTES = 32;

/** Returns the files of a starter with a new secret. Throws MissingFilesError. */
export function starterFiles(): Files {
  const values = { version: VERSION, secret: randomBytes(SECRET_BYTES).toString('base64url') };
  const own = [...readTree('starter')].map(
    ([path, text]) => [RENAMED.get(path) ?? path, fillIn(text, values)] as const,
  );
  const imported = [...importedProtos()].map(([path, text]) => [`third_party/${path}`, text] as const);
  return new Map([...own, ...imported]);
}

function fillIn(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? '');
}
