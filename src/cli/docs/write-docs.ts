import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Terminal } from '../terminal.js';
import { configurationPage } from './configuration-page.js';
import { errorsPage } from './errors-page.js';

const DIRECTORY = new URL('../../../docs/', import.meta.url);
const PAGES = new Map([
  ['configuration.md', configurationPage],
  ['errors.md', errorsPage],
]);

/** Writes the generated pages, or with `check` only says which are stale. Returns the exit code. */
export function writeDocs(terminal: Terminal, options: { readonly check: boolean }): number {
  const stale = [...PAGES].filter(([name, render]) => readPage(name) !== render());
  if (options.check) {
    for (const [name] of stale) terminal.err(`docs/${name} is stale; run npm run gateway -- docs`);
    return stale.length === 0 ? 0 : 1;
  }
  mkdirSync(DIRECTORY, { recursive: true });
  for (const [name, render] of stale) writeFileSync(new URL(name, DIRECTORY), render());
  terminal.out(stale.length === 0 ? 'docs are fresh' : `wrote ${stale.map(([name]) => `docs/${name}`).join(', ')}`);
  return 0;
}

function readPage(name: string): string | undefined {
  try {
    return readFileSync(new URL(name, DIRECTORY), 'utf8');
  } catch {
    return undefined;
  }
}
