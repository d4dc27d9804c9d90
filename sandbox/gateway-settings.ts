import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { formatProblem } from '../src/config/config-error.js';
import { inspectEnvironment } from '../src/config/environment.js';

/** The settings of a gateway in a sandbox on its own ports: they stand for those that are known once it has started. */
const STANDARD = new URL('sandbox.env', import.meta.url);

/** Throws one error that lists what the gateway will refuse in its settings, so that no backend is started in vain. */
export function refuseGatewaySettings(env: NodeJS.ProcessEnv): void {
  const { problems } = inspectEnvironment({ ...parseEnv(readFileSync(STANDARD, 'utf8')), ...env });
  if (problems.length > 0) throw new Error(problems.map(formatProblem).join('\n'));
}
