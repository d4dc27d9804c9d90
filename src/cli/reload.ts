import type { ReloadReport } from '../ops/reload/reloader.js';
import type { AdminClient } from './admin-client.js';
import { FetchFailure } from './fetch-bounded.js';
import { EXIT_CONFIG, EXIT_UNAVAILABLE, type Terminal } from './terminal.js';

const UNPROCESSABLE = 400;

interface Refusal {
  readonly detail?: string;
  readonly errors?: readonly { readonly detail: string }[];
}

/** Makes a running gateway reload settings, contracts and keys, and prints the result. Resolves to the exit code. */
export async function reloadGateway(admin: AdminClient, terminal: Terminal): Promise<number> {
  try {
    const { status, body } = await admin.post('/admin/reload');
    if (status === 200) return printReport(body as ReloadReport, terminal);
    const { detail = `the admin listener answered ${status}`, errors = [] } = body as Refusal;
    terminal.err(detail);
    for (const error of errors) terminal.err(error.detail);
    return status === UNPROCESSABLE ? EXIT_CONFIG : EXIT_UNAVAILABLE;
  } catch (error) {
    if (!(error instanceof FetchFailure)) throw error;
    terminal.err(error.message);
    return EXIT_UNAVAILABLE;
  }
}

function printReport(report: ReloadReport, terminal: Terminal): number {
  const { settings, needRestart, routesAdded, routesRemoved, policyRevision, configHash } = report;
  terminal.out(`in force: settings ${configHash}, contracts ${policyRevision}`);
  for (const name of settings) terminal.out(`changed: ${name}`);
  for (const route of routesAdded) terminal.out(`added: ${route}`);
  for (const route of routesRemoved) terminal.out(`removed: ${route}`);
  for (const name of needRestart) terminal.err(`${name} needs a restart`);
  return 0;
}
