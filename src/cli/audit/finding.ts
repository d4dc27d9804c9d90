import { formatTable, type Terminal } from '../terminal.js';

/** Severities from worst to least. */
export const SEVERITIES = ['critical', 'high', 'medium', 'low'] as const;

export type Severity = (typeof SEVERITIES)[number];

/** Weakness in settings, contract or manifests that can be exploited or that fails under load. */
export interface Finding {
  /** Stable ID, which `--ignore` takes. */
  readonly id: string;
  readonly severity: Severity;
  /** Setting, RPC, or file and object. */
  readonly where: string;
  readonly why: string;
  readonly fix: string;
}

/** Returns whether a finding is at least as bad as a severity. */
export function isAtLeast({ severity }: Finding, least: Severity): boolean {
  return SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf(least);
}

/** Prints findings, the worst first, as a table or as JSON. */
export function printFindings(findings: readonly Finding[], terminal: Terminal, json: boolean): void {
  const sorted = findings.toSorted((one, other) => rank(one) - rank(other) || one.id.localeCompare(other.id));
  if (json) return terminal.out(JSON.stringify({ counts: countBySeverity(sorted), findings: sorted }, null, 2));
  const rows = sorted.map(({ severity, id, where, why, fix }) => [severity, id, where, `${why}; ${fix}`]);
  for (const line of formatTable(rows)) terminal.out(line);
  const counts = Object.entries(countBySeverity(sorted)).map(([severity, count]) => `${count} ${severity}`);
  terminal.out(counts.join(', '));
}

function rank({ severity }: Finding): number {
  return SEVERITIES.indexOf(severity);
}

function countBySeverity(findings: readonly Finding[]): Record<Severity, number> {
  const count = (wanted: Severity) => findings.filter(({ severity }) => severity === wanted).length;
  return { critical: count('critical'), high: count('high'), medium: count('medium'), low: count('low') };
}
