import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { ConfigError, type ConfigProblem } from './config-error.js';
import type { GatewayConfig } from './gateway-config.js';
import { type Environment, isSet } from './variables.js';

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

/** Reads the log format from an environment that may be invalid. */
export function rawLogFormat(env: Environment): Pick<GatewayConfig['log'], 'format' | 'noColor'> {
  const { LOG_FORMAT: format, NO_COLOR: noColor = '' } = env;
  return { format: format === 'json' || format === 'pretty' ? format : undefined, noColor: noColor !== '' };
}

const SETTING = 'GATEWAY_ENV_FILE';
const MAX_BYTES = 1024 * 1024;
const VARIABLE = /^[A-Z_][A-Z0-9_]*$/;

/**
 * Merges the files of GATEWAY_ENV_FILE into an environment. Environment variables take precedence over files, and later
 * files over earlier ones. Throws ConfigError for files that cannot be read.
 */
export function withEnvFiles(env: Environment): Environment {
  const problems: ConfigProblem[] = [];
  const read: Record<string, string | undefined> = {};
  for (const path of pathsIn(env)) {
    try {
      Object.assign(read, readEnvSource(path));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const hint = 'name a file of NAME=value lines, or a directory with one file per setting';
      problems.push({ name: SETTING, reason: `${path} cannot be read: ${reason}`, hint });
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  const own = Object.entries(env).filter(([name]) => isSet(env, name) || !(name in read));
  return { ...read, ...Object.fromEntries(own) };
}

/** Returns names that are set both in the environment and in its files, where the value in the file has no effect. */
export function hiddenByEnvironment(env: Environment): readonly string[] {
  const names = pathsIn(env).flatMap((path) => Object.keys(readEnvSource(path)));
  return [...new Set(names)].filter((name) => isSet(env, name)).toSorted();
}

function pathsIn(env: Environment): readonly string[] {
  return (env[SETTING] ?? '')
    .split(',')
    .map((path) => path.trim())
    .filter((path) => path !== '');
}

function readEnvSource(path: string): Environment {
  return statSync(path).isDirectory() ? readDirectory(path) : parseEnv(readBounded(path));
}

/** Reads a mounted ConfigMap or Secret of Kubernetes: one file per key. Links whose names begin with two dots are skipped. */
function readDirectory(path: string): Environment {
  const names = readdirSync(path).filter((name) => VARIABLE.test(name));
  return Object.fromEntries(names.map((name) => [name, readBounded(join(path, name)).replace(/\r?\n$/, '')]));
}

function readBounded(path: string): string {
  if (statSync(path).size > MAX_BYTES) throw new Error(`it is larger than ${MAX_BYTES} bytes`);
  return readFileSync(path, 'utf8');
}
