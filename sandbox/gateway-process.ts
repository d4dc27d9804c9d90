import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { constants } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';

const TYPESCRIPT = import.meta.resolve('@oxc-node/core/register');
const READY_WITHIN_MS = 30_000;
const POLL_MS = 100;
const STOP_WITHIN_MS = 2_000;

/** A gateway in a process of its own that writes to our output. */
export interface GatewayProcess {
  readonly url: string;
  /** Resolves to its exit code. */
  readonly exited: Promise<number>;
  /** Resolves once `/readyz` answers 200. Rejects when the gateway exits before or takes too long. */
  ready(): Promise<void>;
  /** Sends SIGTERM, then SIGKILL after two seconds. Resolves once it has exited. */
  close(): Promise<void>;
}

/** The gateway exited without being stopped. */
export class GatewayExit extends Error {
  constructor(readonly code: number) {
    super(`the gateway exited with code ${code}`);
  }
}

/** Starts a gateway in a process group of its own: Ctrl-C reaches the sandbox alone, which then stops the gateway. */
export function spawnGateway(entry: string, env: NodeJS.ProcessEnv): GatewayProcess {
  const child = spawn(process.execPath, ['--import', TYPESCRIPT, entry], {
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  });
  process.once('exit', () => child.kill('SIGKILL'));
  const exited = once(child, 'exit').then(([code, signal]) => exitCode(code, signal));
  const close = async () => {
    child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
    await exited;
    clearTimeout(kill);
  };
  const port = env['API_GATEWAY_PORT'] ?? '';
  const ready = () => waitUntilReady(`http://127.0.0.1:${env['OPS_PORT'] || port}/readyz`, exited);
  return { url: `http://localhost:${port}`, exited, ready, close };
}

/** Returns where the admin listener will be. Rejects with EADDRINUSE when its port is in use. */
export async function chooseAdminAddress(asked: string | undefined, port: number): Promise<string> {
  const address = asked ?? `127.0.0.1:${port}`;
  const [, host, number] = /^(.*):(\d+)$/.exec(address) ?? [];
  return host === undefined || number === undefined ? address : `${host}:${await choosePort(number)}`;
}

/**
 * Returns the port that was asked for, once it is known to be free, and for "0" any free one: the gateway would keep
 * its choice to itself. What is not a port is left to the gateway to refuse. Rejects with EADDRINUSE.
 */
export async function choosePort(asked: string): Promise<string> {
  if (!/^\d{1,5}$/.test(asked) || Number(asked) > 65_535) return asked;
  const server = createServer().listen(Number(asked), '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return String(port);
}

function exitCode(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}

async function waitUntilReady(url: string, exited: Promise<number>): Promise<void> {
  const giveUpAt = Date.now() + READY_WITHIN_MS;
  const gone = exited.then((code) => {
    throw new GatewayExit(code);
  });
  while (!(await Promise.race([isOk(url), gone]))) {
    if (Date.now() > giveUpAt) throw new Error(`the gateway did not answer ${url} within ${READY_WITHIN_MS / 1000} s`);
    await Promise.race([pause(POLL_MS), gone]);
  }
}

async function isOk(url: string): Promise<boolean> {
  return fetch(url, { signal: AbortSignal.timeout(1_000) }).then(
    ({ ok }) => ok,
    () => false,
  );
}
