import type { Logger } from 'pino';
import { type ConfigWarning, formatProblem } from './config/config-error.js';
import { type ContractProblem, describeProblem } from './contract/contract-problem.js';

/** Logs one line per warning about the settings, as `gateway check` prints them. */
export function logConfigWarnings(log: Logger, warnings: readonly ConfigWarning[]): void {
  for (const warning of warnings) log.warn(warning, `config_warning ${formatProblem(warning)}`);
}

/** Logs one line per warning about the contracts. */
export function logContractWarnings(log: Logger, warnings: readonly ContractProblem[]): void {
  for (const warning of warnings) log.warn(warning, `contract_warning ${describeProblem(warning)}`);
}
