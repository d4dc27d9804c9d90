/** Invalid setting: its name, the reason, and a hint how to fix it. */
export interface ConfigProblem {
  readonly name: string;
  readonly reason: string;
  readonly hint: string;
}

/** Valid setting that is likely unintended, or unsafe in its environment. */
export type ConfigWarning = ConfigProblem;

/** Formats a problem as one line for log and command line. */
export function formatProblem({ name, reason, hint }: ConfigProblem): string {
  return `${name}: ${reason}; ${hint}`;
}

/** Thrown with all problems of an environment, so that an operator can fix them together. Exit code 78. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly problems: readonly ConfigProblem[]) {
    super(problems.map((problem) => `config_invalid ${formatProblem(problem)}`).join('\n'));
  }
}
