import { withEnvFiles } from './env-files.js';
import type { Environment } from './variables.js';

/** Reads the environment of this process and the current content of the files of GATEWAY_ENV_FILE. Throws ConfigError. */
export function readEnvironment(): Environment {
  return withEnvFiles(processEnvironment());
}

/** Returns the environment of this process. Nothing else reads `process.env`. */
export function processEnvironment(): Environment {
  return process.env;
}

/** Adds a file to GATEWAY_ENV_FILE of this process, so that a reload reads it too. */
export function addEnvFile(path: string): void {
  const named = process.env['GATEWAY_ENV_FILE'] ?? '';
  process.env['GATEWAY_ENV_FILE'] = named === '' ? path : `${named},${path}`;
}
