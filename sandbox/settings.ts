import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { SandboxOptions } from './environment.js';

/** Settings of `npm run sandbox`. All others in the environment are the gateway's. */
export interface SandboxSettings {
  readonly ports: Required<Omit<NonNullable<SandboxOptions['ports']>, 'redis'>>;
  /** Port of the gateway's admin listener, unless GATEWAY_ADMIN_ADDR says where it is. */
  readonly adminPort: number;
  /** File that is run as the gateway. */
  readonly gatewayEntry: string;
}

const PORTS = {
  SANDBOX_AUTH_PORT: ['auth', 50051],
  SANDBOX_USER_PORT: ['user', 50052],
  SANDBOX_TENANT_PORT: ['tenant', 50053],
  SANDBOX_AI_PORT: ['ai', 50054],
  SANDBOX_GUARDRAIL_PORT: ['guardrail', 50055],
  SANDBOX_IDP_PORT: ['idp', 4000],
  SANDBOX_JWKS_PORT: ['jwks', 4001],
  SANDBOX_FAULTS_PORT: ['faults', 8090],
} as const;

const ADMIN_PORT = 6060;
const GATEWAY_ENTRY = fileURLToPath(new URL('../src/main.ts', import.meta.url));
/** Variables that each hold the port of one listener. */
export const PORT_VARIABLES = [...Object.keys(PORTS), 'SANDBOX_ADMIN_PORT'];
const KNOWN = [...PORT_VARIABLES, 'SANDBOX_GATEWAY_ENTRY'];
const PORT = /^\d{1,5}$/;

/** Reads the SANDBOX_* variables. Throws one error that lists every problem. */
export function readSettings(env: NodeJS.ProcessEnv): SandboxSettings {
  const problems = Object.keys(env)
    .filter((name) => name.startsWith('SANDBOX_') && !KNOWN.includes(name))
    .map((name) => `${name} is unknown; known: ${KNOWN.join(', ')}`);
  const read = (variable: string, standard: number) => {
    const text = env[variable] || String(standard);
    if (!isPort(text)) problems.push(`${variable}=${text} is no port: use 1 to 65535, or 0 for any free one`);
    return Number(text);
  };
  const ports = Object.fromEntries(
    Object.entries(PORTS).map(([variable, [name, standard]]) => [name, read(variable, standard)]),
  );
  // A gateway on any free port is one of several, and so is its admin listener.
  const adminPort = read('SANDBOX_ADMIN_PORT', env['API_GATEWAY_PORT'] === '0' ? 0 : ADMIN_PORT);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return {
    ports: ports as SandboxSettings['ports'],
    adminPort,
    gatewayEntry: env['SANDBOX_GATEWAY_ENTRY'] || GATEWAY_ENTRY,
  };
}

/** Options of `npm run sandbox -- …`. */
export interface SandboxArguments {
  /** Descriptor sets whose services a mock answers for. */
  readonly mocks: readonly string[];
  /** Permissions of admins in addition to those of their role. */
  readonly grants: readonly string[];
}

/** Reads the command line; paths are those of the folder in which it was typed. Throws Error for what it does not know. */
export function readArguments(args: readonly string[], folder: string): SandboxArguments {
  const options = { mock: { type: 'string', multiple: true }, grant: { type: 'string', multiple: true } } as const;
  const { values } = parseArgs({ args: [...args], options });
  return { mocks: [...new Set(values.mock?.map((path) => resolve(folder, path)))], grants: values.grant ?? [] };
}

/** Names the variable that a port in use comes from: one of the sandbox, or of the gateway. */
export function portVariable(env: NodeJS.ProcessEnv, port: number): string {
  const isItsPort = ([variable, [, standard]]: [string, readonly [string, number]]) =>
    Number(env[variable] || standard) === port;
  const own = Object.entries(PORTS).find(isItsPort)?.[0];
  if (own !== undefined) return own;
  if (Number(env['API_GATEWAY_PORT'] || 8080) === port) return 'API_GATEWAY_PORT';
  return env['GATEWAY_ADMIN_ADDR'] === undefined ? 'SANDBOX_ADMIN_PORT' : 'GATEWAY_ADMIN_ADDR';
}

function isPort(text: string): boolean {
  return PORT.test(text) && Number(text) <= 65_535;
}
