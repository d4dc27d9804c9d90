import { printable } from '../observe/printable.js';
import type { AdminClient } from './admin-client.js';
import { EXIT_UNAVAILABLE, formatTable, type Terminal } from './terminal.js';
import { FetchFailure } from './fetch-bounded.js';

/** Says how a running gateway decided about a request of late. Resolves to the exit code: 1 when it is not known there. */
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

/** One fact per line; members of an inner object after a dot, what is not set left out. Paths and details come from clients. */
function describe(request: unknown): string[] {
  return formatTable(facts('', request));
}

function facts(prefix: string, value: unknown): string[][] {
  if (value === null || value === undefined || value === '') return [];
  if (typeof value === 'string') return [[prefix, printable(value)]];
  if (typeof value !== 'object') return [[prefix, JSON.stringify(value)]];
  return Object.entries(value).flatMap(([name, inner]) => facts(prefix === '' ? name : `${prefix}.${name}`, inner));
}
