/** One wrong setting: which, why, and what to write instead. */
export interface ConfigProblem {
  readonly name: string;
  readonly reason: string;
  readonly hint: string;
}

/** A setting that is valid but likely not meant, or not safe where it runs. */
export type ConfigWarning = ConfigProblem;

/** A problem as the one line that logs and the command line print. */
export function formatProblem({ name, reason, hint }: ConfigProblem): string {
  return `${name}: ${reason}; ${hint}`;
}

/** Thrown once with every problem of an environment, so that an operator mends them in one go. Exit code 78. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly problems: readonly ConfigProblem[]) {
    super(problems.map((problem) => `config_invalid ${formatProblem(problem)}`).join('\n'));
  }
}
