import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const READY_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 10_000;
const POLL_MS = 50;
const SHOWN_OUTPUT = 2_000;

/** A command and what it needs to run. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** A free port of the loopback interface. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Pins this process, all of its threads, to a core: it makes the load. Throws where taskset or the core is missing. */
export function pinSelf(core: number): void {
  try {
    execFileSync('taskset', ['-a', '-c', '-p', String(core), String(process.pid)], { stdio: 'pipe' });
  } catch (error) {
    throw new Error(`cannot pin to core ${core}: the benchmark needs Linux, taskset (util-linux) and two cores`, {
      cause: error,
    });
  }
}

/** Creates a directory for the output of the processes, in memory if possible, so that no disk is measured. */
export function openOutputFolder(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'gateway-bench-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** A process pinned to one core whose output goes to a file. */
export class PinnedProcess {
  private readonly child: ChildProcess;
  private exit: string | undefined;

  constructor(
    private readonly name: string,
    command: Command,
    core: number,
    private readonly outputFile: string,
  ) {
    const output = openSync(outputFile, 'a');
    this.child = spawn('taskset', ['-c', String(core), command.file, ...command.args], {
      env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...command.env },
      stdio: ['ignore', output, output],
    });
    this.child.once('error', (error) => (this.exit = error.message));
    this.child.once('exit', (code, signal) => (this.exit = `exit ${code ?? signal}`));
  }

  /** taskset replaces itself, so this is the system's own id. */
  get pid(): number {
    return this.child.pid as number;
  }

  get hasExited(): boolean {
    return this.exit !== undefined;
  }

  get output(): string {
    return readFileSync(this.outputFile, 'utf8');
  }

  /** Empties the output file: it is opened for appending, so the process goes on at its start. */
  forgetOutput(): void {
    truncateSync(this.outputFile);
  }

  /** Resolves once the probe says true. Throws, with the last output, when the process ends or takes too long. */
  async ready(probe: () => Promise<boolean>): Promise<void> {
    const giveUpAt = performance.now() + READY_TIMEOUT_MS;
    while (!(await probe().catch(() => false))) {
      const reason = this.exit ?? (performance.now() > giveUpAt ? `not ready in ${READY_TIMEOUT_MS} ms` : undefined);
      if (reason !== undefined) throw new Error(`${this.name}: ${reason}\n${this.output.slice(-SHOWN_OUTPUT)}`);
      await delay(POLL_MS);
    }
  }

  /** Sends SIGKILL, and resolves when the process has exited. */
  async kill(): Promise<void> {
    if (this.hasExited) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }

  /** Stops the process, with SIGKILL if it does not react to SIGTERM. */
  async stop(): Promise<void> {
    if (this.hasExited) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    const force = setTimeout(() => this.child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(force);
  }
}
