import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { type Inspection, inspectEnvironment } from '../config/environment.js';
import type { Environment } from '../config/variables.js';
import { describeProblem } from '../contract/contract-problem.js';
import { DescriptorError, loadDescriptors } from '../contract/descriptors.js';
import { buildRouteTable } from '../contract/route-table.js';
import type { Route } from '../contract/route.js';

/** What the commands speak about: an environment and the contracts that it mounts. */
export interface World {
  readonly env: Environment;
  readonly inspection: Inspection;
  readonly routes: readonly Route[];
  /** What is wrong with the contracts; the routes are those of the good ones. */
  readonly contractProblems: readonly string[];
}

/** A `.env` file that cannot be read. */
export class EnvFileError extends Error {
  override readonly name = 'EnvFileError';
}

/** An environment, what it says, and the routes of the contracts it names. Nothing in it has to be right. */
export function readWorld(env: Environment): World {
  const inspection = inspectEnvironment(env);
  const { services, problems } = readServices(inspection.settings.GATEWAY_DESCRIPTORS ?? []);
  const table = buildRouteTable(services);
  const contractProblems = [...problems, ...table.problems.map(describeProblem)];
  return { env, inspection, routes: table.routes, contractProblems };
}

/** The variables of a `.env` file. Throws {@link EnvFileError}. */
export function readEnvFile(path: string): Environment {
  try {
    return parseEnv(readFileSync(path, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new EnvFileError(`the file ${path} cannot be read: ${reason}`);
  }
}

function readServices(files: readonly string[]) {
  try {
    return { services: loadDescriptors(files).services, problems: [] };
  } catch (error) {
    if (!(error instanceof DescriptorError)) throw error;
    return { services: loadDescriptors().services, problems: error.problems };
  }
}
