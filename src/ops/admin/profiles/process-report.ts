import { basename } from 'node:path';

type Json = Record<string, unknown>;

/** Environments and host names are left out; a resolver that does not respond would also delay the report. */
const LEFT_OUT: ReadonlySet<string> = new Set(['environmentVariables', 'networkInterfaces', 'host']);

/** Returns Node's diagnostic report of the process (nodejs.org/api/report.html) without potential secrets. */
export function scrubbedReport(): object {
  // Missing in the types (nodejs.org/api/process.html#processreportexcludenetwork).
  const report = process.report as typeof process.report & { excludeNetwork: boolean };
  const { excludeEnv, excludeNetwork } = report;
  Object.assign(report, { excludeEnv: true, excludeNetwork: true });
  try {
    return scrub(report.getReport() as Json) as object;
  } finally {
    Object.assign(report, { excludeEnv, excludeNetwork });
  }
}

function scrub(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(scrub);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([name]) => !LEFT_OUT.has(name));
  return Object.fromEntries(kept.map(([name, inner]) => [name, SCRUBBED[name]?.(inner) ?? scrub(inner)]));
}

/** Members whose text may contain arguments of the process or data of clients. */
const SCRUBBED: Readonly<Record<string, (value: unknown) => unknown>> = {
  commandLine: (value) => (Array.isArray(value) ? value.map((argument) => nameOnly(String(argument))) : []),
  // The frames stay; the message of an error may contain anything.
  message: () => '[left out]',
  cwd: () => '[left out]',
};

/** Keeps the name of a flag or of a program, never a value. */
function nameOnly(argument: string): string {
  if (argument.startsWith('-')) return argument.replace(/=.*/s, '=…');
  return /\.[cm]?[jt]s$|(?:^|\/)node$/.test(argument) ? basename(argument) : '…';
}
