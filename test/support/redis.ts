import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';

const ROOT = join(import.meta.dirname, '../..');
const CACHE = join(ROOT, '.cache/debian');
const CACHED = join(CACHE, 'bin/redis-server');
const START_TIMEOUT_MS = 10_000;
/** While Redis is away a client of somebody else may have its port for an outgoing connection. */
const PORT_IN_USE = /Address already in use|Failed listening/;
const ATTEMPTS = 50;
const PORT_FREED_MS = 100;

/** A real redis-server of a test's own, empty at first, on a free port of this machine. */
export class TestRedis {
  private readonly directory = mkdtempSync(join(tmpdir(), 'redis-'));
  private server: ChildProcess | undefined;
  private asker: Redis | undefined;
  private readonly killOnExit = () => this.server?.kill('SIGKILL');

  private constructor(
    readonly port: number,
    private readonly args: readonly string[],
  ) {
    process.once('exit', this.killOnExit);
  }

  /** Further arguments are those of redis-server: `--maxmemory 1mb`. Throws one line when Redis cannot be had. */
  static async start(...args: string[]): Promise<TestRedis> {
    const redis = new TestRedis(await findFreePort(), args);
    await redis.restart();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}/0`;
  }

  /** A connection of the test's own, to look at what is stored or to write as another service would. */
  get client(): Redis {
    this.asker ??= new Redis({ host: '127.0.0.1', port: this.port, protocol: 2 }).on('error', () => undefined);
    return this.asker;
  }

  /** Ends it without a farewell. */
  async kill(): Promise<void> {
    const server = this.server;
    this.server = undefined;
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  }

  /** Keeps every connection open and answers nothing. */
  freeze(): void {
    this.server?.kill('SIGSTOP');
  }

  thaw(): void {
    this.server?.kill('SIGCONT');
  }

  /** Starts it, empty, on the same port; ends it first when it runs. Arguments are added to those of its start. */
  async restart(...args: string[]): Promise<void> {
    await this.kill();
    const fixed = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--dir', this.directory];
    const env = { ...process.env, LD_LIBRARY_PATH: join(CACHE, 'lib') };
    for (let attempt = 1; ; attempt++) {
      this.server = spawn(findRedisServer(), [...fixed, ...this.args, ...args], {
        env,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const failure = await untilReady(this.server).catch((error: Error) => error);
      if (failure === undefined) return reportEnd(this.server, () => this.server);
      if (attempt === ATTEMPTS || !PORT_IN_USE.test(failure.message)) throw failure;
      await pause(PORT_FREED_MS);
    }
  }

  async close(): Promise<void> {
    this.asker?.disconnect();
    await this.kill();
    process.off('exit', this.killOnExit);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** From PATH, else from .cache, where scripts/debian-tools.sh puts it. Throws its one line when it cannot be had. */
function findRedisServer(): string {
  const inPath = (process.env.PATH ?? '').split(delimiter).map((directory) => join(directory, 'redis-server'));
  const found = [...inPath, CACHED].find((path) => existsSync(path));
  if (found !== undefined) return found;
  execFileSync(join(ROOT, 'scripts/debian-tools.sh'), ['redis-server'], { stdio: ['ignore', 'ignore', 'pipe'] });
  return CACHED;
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Characters of a crash report of Redis that are kept. */
const KEPT_OUTPUT = 8_000;

/** Reports a server that ends although nobody stopped it, with the last of its output: what follows never names the cause. */
function reportEnd(server: ChildProcess, current: () => ChildProcess | undefined): void {
  let output = '';
  server.stdout?.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-KEPT_OUTPUT)));
  server.once('close', (code, signal) => {
    if (current() !== server) return;
    process.stderr.write(`redis-server ended by itself: code ${code}, signal ${signal}\n${output}`);
  });
}

function untilReady(server: ChildProcess): Promise<undefined> {
  return new Promise((resolve, reject) => {
    let output = '';
    const fail = (why: string) =>
      reject(new Error(`redis-server ${why}: ${output.trim().split('\n').slice(-2).join(' ')}`));
    const timer = setTimeout(() => fail('did not become ready'), START_TIMEOUT_MS);
    server.once('error', (error) => fail(`could not be started, ${error.message}`));
    server.once('exit', () => fail('ended'));
    server.stdout?.on('data', (chunk: Buffer) => {
      if (output.length < 10_000) output += chunk.toString();
      if (!output.includes('Ready to accept connections')) return;
      clearTimeout(timer);
      resolve(undefined);
    });
  });
}
