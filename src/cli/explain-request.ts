import { printable } from '../observe/printable.js';
import type { AdminClient } from './admin-client.js';
import { EXIT_UNAVAILABLE, formatTable, type Terminal } from './terminal.js';
import { FetchFailure } from './fetch-bounded.js';

/** Prints what a running gateway decided about a recent request. Resolves to the exit code: 1 when the gateway does not know it. */
export async function explainRequest(admin: AdminClient, terminal: Terminal, id: string): Promise<number> {
  try {
    const request = await admin.json(`/admin/requests/${encodeURIComponent(id)}`);
    for (const line of describe(request)) terminal.out(line);
    return 0;
  } catch (error) {
    if (!(error instanceof FetchFailure)) throw error;
    terminal.err(error.message);
    return error.status === 404 ? 1 : EXIT_UNAVAILABLE;
  }
}

/** Formats one fact per line, with nested members after a dot and without unset ones. Escapes text, since paths and details come from clients. */
function describe(request: unknown): string[] {
  return formatTable(facts('', request));
}

function facts(prefix: string, value: unknown): string[][] {
  if (value === null || value === undefined || value === '') return [];
  if (typeof value === 'string') return [[prefix, printable(value)]];
  if (typeof value !== 'object') return [[prefix, JSON.stringify(value)]];
  return Object.entries(value).flatMap(([name, inner]) => facts(prefix === '' ? name : `${prefix}.${name}`, inner));
}
