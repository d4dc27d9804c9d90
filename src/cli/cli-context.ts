import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { loadModules, type ModuleLike, servicesOf } from '../adopted-modules.js';
import { ConfigError, type ConfigProblem } from '../config/config-error.js';
import { inspectEnvironment, type Inspection } from '../config/environment.js';
import { withEnvFiles } from '../config/read-config.js';
import type { Environment } from '../config/variables.js';
import { addServices, DescriptorError, type Descriptors, loadDescriptors } from '../contract/descriptors.js';
import { buildRouteTable } from '../contract/route-table.js';
import type { Route } from '../contract/route.js';

/** Environment that a command works on, and the contracts that it mounts. */
export interface CliContext {
  readonly env: Environment;
  readonly inspection: Inspection;
  readonly routes: readonly Route[];
  /** Only those of the gateway when the files in the settings cannot be used. */
  readonly descriptors: Descriptors;
  /** Problems of those files. */
  readonly descriptorProblems: readonly string[];
  /** Modules of GATEWAY_MODULES. */
  readonly modules: readonly ModuleLike[];
  /** Problems of their files. */
  readonly moduleProblems: readonly ConfigProblem[];
}

/** Thrown for a `.env` file that cannot be read. */
export class EnvFileError extends Error {
  override readonly name = 'EnvFileError';
}

/** Reads an environment and the contracts that it mounts. Neither has to be valid. */
export async function readCliContext(given: Environment): Promise<CliContext> {
  const { env, problems: fileProblems } = readFiles(given);
  const inspected = inspectEnvironment(env);
  const inspection = { ...inspected, problems: [...fileProblems, ...inspected.problems] };
  const { modules, problems: moduleProblems } = await readModules(inspection.settings.GATEWAY_MODULES ?? []);
  const { descriptors, problems } = readDescriptors(inspection, modules);
  const { routes } = buildRouteTable(descriptors.services);
  return { env, inspection, routes, descriptors, descriptorProblems: problems, modules, moduleProblems };
}

/** Reads the variables of a `.env` file. Throws {@link EnvFileError}. */
export function readEnvFile(path: string): Environment {
  try {
    return parseEnv(readFileSync(path, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new EnvFileError(`the file ${path} cannot be read: ${reason}`);
  }
}

/** Merges the files of GATEWAY_ENV_FILE into the environment; leaves them out when they cannot be read. */
function readFiles(env: Environment): { readonly env: Environment; readonly problems: readonly ConfigProblem[] } {
  try {
    return { env: withEnvFiles(env), problems: [] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { env, problems: error.problems };
  }
}

function readDescriptors({ settings, upstreams }: Inspection, modules: readonly ModuleLike[]) {
  const absentUpstreams = upstreams.filter(({ absent }) => absent).map(({ name }) => name);
  try {
    const { GATEWAY_DESCRIPTORS: files, GATEWAY_POLICY_FILE: policyFile, GATEWAY_UPSTREAMS: upstreamNames } = settings;
    const sets = loadDescriptors(files, { absentUpstreams, policyFile, upstreamNames });
    return { descriptors: addServices(sets, servicesOf(modules)), problems: [] };
  } catch (error) {
    if (!(error instanceof DescriptorError)) throw error;
    const sets = loadDescriptors([], { absentUpstreams });
    return { descriptors: addServices(sets, servicesOf(modules)), problems: error.problems };
  }
}

async function readModules(files: readonly string[]) {
  try {
    return { modules: await loadModules(files), problems: [] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { modules: [], problems: error.problems };
  }
}
