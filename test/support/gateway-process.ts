import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { inject } from 'vitest';
import type { SandboxEnvironment } from '../../sandbox/environment.js';
import { TESTED_TRANSPORT } from './tested-transport.js';

/** Arguments of Node in `npm start`. */
export const builtProgram = () => ['--enable-source-maps', '--disable-sigusr1', builtFile('dist/main.js')];

/** A file of the built gateway. */
export const builtFile = (path: string) => join(inject('builtGateway'), path);

const READY_WITHIN_MS = 60_000;
const POLL_MS = 50;

/** A gateway in a process of its own, for what ends with the process. */
export class GatewayProcess {
  /** All lines so far. */
  readonly lines: Readonly<Record<string, unknown>>[] = [];
  /** Resolves to the exit code; null after a signal. */
  readonly exited: Promise<number | null>;
  readonly child: ChildProcess;
  /** Text on stderr so far. */
  stderr = '';
  /** Empty until it listens. */
  url = '';
  /** URL of its admin listener; empty until it listens. */
  adminUrl = '';

  private readonly opsPort: string | undefined;

  /** Starts it and waits for nothing. @param program what `node` runs: the built gateway as `npm start` does, unless told otherwise. */
  constructor(
    sandbox: SandboxEnvironment,
    env: Readonly<Record<string, string>>,
    program = builtProgram(),
    node = process.execPath,
  ) {
    const child = spawn(node, program, {
      env: {
        PATH: process.env.PATH ?? '',
        ...sandbox.gatewayEnv(),
        API_GATEWAY_PORT: '0',
        GATEWAY_GRPC_TRANSPORT: TESTED_TRANSPORT,
        GATEWAY_ADMIN_ADDR: '',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    this.opsPort = env.OPS_PORT;
    this.exited = once(child, 'exit').then(([code]) => code as number | null);
    child.stderr.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString();
      process.stderr.write(chunk);
    });
    createInterface(child.stdout).on('line', (text) => {
      const line = JSON.parse(text) as Record<string, unknown>;
      this.lines.push(line);
      if (line.msg === 'listening') this.url = String(line.url);
      // Of several workers each has a listener of its own.
      if (line.msg === 'admin_listening' && line.worker === undefined) this.adminUrl = `http://${String(line.addr)}`;
    });
  }

  /** URL of `/metrics` and the health paths. */
  get opsUrl(): string {
    return this.opsPort === undefined ? this.url : `http://127.0.0.1:${this.opsPort}`;
  }

  /** Starts it; ready when it resolves. */
  static async start(
    sandbox: SandboxEnvironment,
    env: Readonly<Record<string, string>>,
    program?: string[],
    node?: string,
  ): Promise<GatewayProcess> {
    const gateway = new GatewayProcess(sandbox, env, program, node);
    await gateway.ready();
    return gateway;
  }

  /** Resolves once it is ready. Rejects when it ends before or takes a minute. */
  async ready(): Promise<void> {
    const giveUpAt = performance.now() + READY_WITHIN_MS;
    const gone = this.exited.then((code) => Promise.reject(new Error(`the gateway exited with code ${code}`)));
    gone.catch(() => undefined);
    const isReady = () =>
      fetch(`${this.opsUrl}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
    while (!(this.url !== '' && (await isReady()))) {
      if (performance.now() > giveUpAt) throw new Error('the gateway did not become ready within a minute');
      await Promise.race([pause(POLL_MS), gone]);
    }
  }

  /** Ends it without a farewell, and resolves when it is gone. Idempotent. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }
}
