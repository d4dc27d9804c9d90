import { withEnvFiles } from './env-files.js';
import type { Environment } from './variables.js';

/** The environment of this process with what the files of GATEWAY_ENV_FILE say now. Throws ConfigError. */
export function readEnvironment(): Environment {
  return withEnvFiles(processEnvironment());
}

/** What this process was started with: the one place that reads `process.env`. */
export function processEnvironment(): Environment {
  return process.env;
}

/** Adds a file to GATEWAY_ENV_FILE of this process, where a reload will read it again. */
export function addEnvFile(path: string): void {
  const named = process.env['GATEWAY_ENV_FILE'] ?? '';
  process.env['GATEWAY_ENV_FILE'] = named === '' ? path : `${named},${path}`;
}
