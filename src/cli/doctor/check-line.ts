import { EXIT_UNAVAILABLE, formatTable, type Terminal } from '../terminal.js';
import type { Condition } from './condition.js';

/** Result of one check. A warning does not change the exit code. */
export type CheckStatus = 'ok' | 'info' | 'warn' | 'fail';

/** Check of `gateway doctor`: its subject, the result and the remedy. */
export interface CheckLine {
  /** `upstream user`, `redis`, `jwks`, `process`, … */
  readonly subject: string;
  /** `dns`, `connect`, `health`, … */
  readonly step: string;
  readonly status: CheckStatus;
  readonly detail: string;
  readonly remedy?: string;
  /** State of the network connection, for checks of one. */
  readonly condition?: Condition;
}

/** Prints the lines, as a table or as JSON. Returns the exit code: 69 when a check failed. */
export function printChecks(lines: readonly CheckLine[], terminal: Terminal, options: { readonly json: boolean }) {
  const failed = lines.filter(({ status }) => status === 'fail').length;
  if (options.json) terminal.out(JSON.stringify({ ok: failed === 0, checks: lines }, null, 2));
  else for (const line of formatChecks(lines)) terminal.out(line);
  return failed === 0 ? 0 : EXIT_UNAVAILABLE;
}

/** Formats one line per check, with the remedy at its end. */
export function formatChecks(lines: readonly CheckLine[]): string[] {
  return formatTable(
    lines.map(({ status, subject, step, detail, remedy }) => [
      status === 'fail' ? 'FAIL' : status,
      subject,
      step,
      remedy === undefined ? detail : `${detail}; ${remedy}`,
    ]),
  );
}
