import type { Logger } from 'pino';
import { type ConfigWarning, formatProblem } from './config/config-error.js';

/** Writes one line per warning about the settings, as `gateway check` prints them. */
export function logConfigWarnings(log: Logger, warnings: readonly ConfigWarning[]): void {
  for (const warning of warnings) log.warn(warning, `config_warning ${formatProblem(warning)}`);
}
