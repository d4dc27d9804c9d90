import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { vi } from 'vitest';
import type { World } from '../../sandbox/world.js';
import { REGISTER } from './typescript.js';

/** A gateway in a process of its own, for what ends with the process. */
export class GatewayProcess {
  /** All lines so far. */
  readonly lines: Readonly<Record<string, unknown>>[] = [];
  /** Resolves to the exit code; null after a signal. */
  readonly exited: Promise<number | null>;
  readonly child: ChildProcess;
  /** Empty until it listens. */
  url = '';

  /** Starts it and waits for nothing. */
  constructor(world: World, env: Readonly<Record<string, string>>) {
    const child = spawn(process.execPath, ['--import', REGISTER, 'src/main.ts'], {
      env: { PATH: process.env.PATH ?? '', ...world.gatewayEnv(), API_GATEWAY_PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.child = child;
    this.exited = once(child, 'exit').then(([code]) => code as number | null);
    createInterface(child.stdout).on('line', (text) => {
      const line = JSON.parse(text) as Record<string, unknown>;
      this.lines.push(line);
      if (line.msg === 'listening') this.url = String(line.url);
    });
  }

  /** Starts it; ready when it resolves. */
  static async start(world: World, env: Readonly<Record<string, string>>): Promise<GatewayProcess> {
    const gateway = new GatewayProcess(world, env);
    const isReady = async () => gateway.url !== '' && (await fetch(`${gateway.url}/readyz`)).ok;
    await vi.waitUntil(isReady, { timeout: 20_000 });
    return gateway;
  }

  /** Ends it without a farewell, and resolves when it is gone. Idempotent. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }
}
