import { resolve } from 'node:path';
import { banner } from './banner.js';
import { chooseAdminAddress, choosePort, GatewayExit, spawnGateway } from './gateway-process.js';
import { OpenParts } from './open-parts.js';
import { refuseGatewaySettings } from './gateway-settings.js';
import { DescriptorError } from '../src/contract/descriptors.js';
import { portVariable, readArguments, readSettings, type SandboxArguments, type SandboxSettings } from './settings.js';
import { startSandbox } from './environment.js';

const EXIT_CONFIG = 78;

/** `npm run sandbox`: a sandbox and a gateway in it, until a signal comes or the gateway ends. Returns the exit code. */
async function main(env: NodeJS.ProcessEnv): Promise<number> {
  let settings: SandboxSettings & SandboxArguments;
  try {
    settings = { ...readSettings(env), ...readArguments(process.argv.slice(2), process.cwd()) };
    refuseGatewaySettings(env);
  } catch (error) {
    return fail(error, EXIT_CONFIG);
  }
  const parts = new OpenParts();
  const signal = firstSignal();
  try {
    await run(settings, env, { parts, signal });
    return 0;
  } catch (error) {
    if (signal.aborted) return 0;
    return fail(error, exitCodeOf(error));
  } finally {
    await parts.close();
  }
}

async function run(
  settings: SandboxSettings & SandboxArguments,
  env: NodeJS.ProcessEnv,
  { parts, signal }: { parts: OpenParts; signal: AbortSignal },
): Promise<void> {
  const stopped = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });
  stopped.catch(() => undefined);
  const { ports, mocks, grants } = settings;
  const sandbox = parts.add(await startSandbox({ ports, mocks, grants, guardrail: true, redisUrl: env['REDIS_URL'] }));
  const port = await choosePort(env['API_GATEWAY_PORT'] || '8080');
  const adminAddress = await chooseAdminAddress(env['GATEWAY_ADMIN_ADDR'], settings.adminPort);
  signal.throwIfAborted();
  const publicUrl = env['GATEWAY_PUBLIC_URL'] || `http://localhost:${port}`;
  const standard = { ...sandbox.gatewayEnv(publicUrl), GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT: '0s' };
  const redis = sandbox.redisUrl === undefined ? {} : { REDIS_URL: sandbox.redisUrl };
  const chosen = { API_GATEWAY_PORT: port, GATEWAY_ADMIN_ADDR: adminAddress, ...redis, ...descriptors(env, mocks) };
  const gateway = parts.add(spawnGateway(settings.gatewayEntry, { ...standard, ...env, ...chosen }));
  await Promise.race([gateway.ready(), stopped]);
  process.stdout.write(banner({ gatewayUrl: gateway.url, adminAddress, sandbox }));
  throw new GatewayExit(await Promise.race([gateway.exited, stopped]));
}

/** The sets of the environment and those that are mocked, each once. */
function descriptors(env: NodeJS.ProcessEnv, mocks: readonly string[]): Record<string, string> {
  const named = (env['GATEWAY_DESCRIPTORS'] ?? '').split(',').map((path) => path.trim());
  const paths = named.filter((path) => path !== '').map((path) => resolve(path));
  return mocks.length === 0 ? {} : { GATEWAY_DESCRIPTORS: [...new Set([...paths, ...mocks])].join(',') };
}

function exitCodeOf(error: unknown): number {
  if (error instanceof DescriptorError) return EXIT_CONFIG;
  return error instanceof GatewayExit ? error.code : 1;
}

/** Returns a signal that aborts on the first SIGINT, SIGTERM or SIGHUP; later ones are ignored. */
function firstSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => controller.abort());
  return controller.signal;
}

function fail(error: unknown, code: number): number {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`sandbox: ${message}${hintFor(error)}\n`);
  return code;
}

/** Names the variable that moves the port that is in use. */
function hintFor(error: unknown): string {
  if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) return '';
  const variable = portVariable(process.env, 'port' in error ? Number(error.port) : 0);
  const free = variable === 'GATEWAY_ADMIN_ADDR' ? '127.0.0.1:0' : '0';
  return ` (stop the process that uses it, or move it: ${variable}=${free} takes any free port)`;
}

// npm runs scripts in the project directory; paths are relative to the directory in which the user typed the command.
process.chdir(process.env['INIT_CWD'] ?? process.cwd());
process.exit(await main(process.env));
