import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { ConfigError, type ConfigProblem } from './config-error.js';
import { type Environment, isSet } from './variables.js';

const SETTING = 'GATEWAY_ENV_FILE';
const MAX_BYTES = 1024 * 1024;
const VARIABLE = /^[A-Z_][A-Z0-9_]*$/;

/**
 * Adds what the files of GATEWAY_ENV_FILE say to an environment, which comes first: a variable that is set there is not
 * taken from a file. Of two files the later one counts. Throws ConfigError for files that cannot be read.
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

/** Names that both an environment and its files set, where the file has no effect, now or at a reload. */
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

/** A ConfigMap or Secret as Kubernetes mounts it: a file for each key, and links whose names begin with two dots. */
function readDirectory(path: string): Environment {
  const names = readdirSync(path).filter((name) => VARIABLE.test(name));
  return Object.fromEntries(names.map((name) => [name, readBounded(join(path, name)).replace(/\r?\n$/, '')]));
}

function readBounded(path: string): string {
  if (statSync(path).size > MAX_BYTES) throw new Error(`it is larger than ${MAX_BYTES} bytes`);
  return readFileSync(path, 'utf8');
}
