import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { cpuMicroseconds, rssBytes } from '../harness/cpu.js';
import { PinnedProcess, freePort, openOutputFolder } from '../harness/process.js';
import { Metrics } from './metrics.js';
import { SoakEnvironment, type EnvironmentOptions } from './environment.js';

/** The core that each gateway has. */
export const GATEWAY_CORE = 0;
const LOG_KEPT_MS = 10_000;
const POLL_MS = 100;
const COLLECTED_MS = 500;
const NO_LIMIT = '1000000';
/**
 * Collects garbage when told to, so that what is left of the heap is in use; ends when the soak is gone without a word;
 * writes down each attempt to connect to somebody, which nobody else sees when it is refused.
 */
const PRELOAD = `data:text/javascript,
process.on('SIGUSR2', () => globalThis.gc());
const soak = process.ppid;
setInterval(() => process.ppid === soak || process.exit(1), 1000).unref();
import { appendFileSync } from 'node:fs';
import { subscribe } from 'node:diagnostics_channel';
const note = (_, port) => appendFileSync(process.env.SOAK_CONNECTS, Date.now() + ' ' + port + '\\n');
subscribe('net.client.socket', ({ socket }) => socket.on('connectionAttempt', note));`;

/** Limits out of the way of what is measured; a scenario sets those that it is about. */
const ROOMY = {
  NODE_ENV: 'production',
  GATEWAY_HOST: '127.0.0.1',
  GATEWAY_ADMIN_ADDR: '127.0.0.1:0',
  GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT: '0s',
  GATEWAY_SHUTDOWN_TIMEOUT: '35s',
  RATE_LIMIT_RPS: NO_LIMIT,
  RATE_LIMIT_BURST: NO_LIMIT,
  GATEWAY_RATE_LIMIT_IP_RPS: '0',
};

/** Settings under which the gateway refuses nothing for reasons of its own, for scenarios about its backends. */
export const UNHURRIED = {
  GATEWAY_SHED_DELAY: '0s',
  GATEWAY_TENANT_SHARE_PERCENT: '100',
  GATEWAY_QUEUE_SIZE: '1000',
  GATEWAY_QUEUE_TIMEOUT: '1s',
} as const;

/** A gateway under load. */
export class SoakGateway {
  constructor(
    private readonly process: PinnedProcess,
    readonly url: string,
    /** Of health and metrics: in plaintext also where clients need TLS. */
    readonly opsUrl: string,
    private readonly connectsFile: string,
  ) {}

  get hasSurvived(): boolean {
    return !this.process.hasExited;
  }

  get rssMib(): number {
    return rssBytes(this.process.pid) / 2 ** 20;
  }

  /** CPU time of all of its threads so far. */
  get cpuMicroseconds(): number {
    return cpuMicroseconds(this.process.pid);
  }

  async metrics(): Promise<Metrics> {
    const response = await fetch(`${this.opsUrl}/metrics`);
    return new Metrics(await response.text());
  }

  /** Requests in flight; those of metrics and health do not count. */
  async requestsInFlight(): Promise<number> {
    return (await this.metrics()).sum('gateway_in_flight_requests');
  }

  /** Heap in use after a full collection, in MiB. */
  async heapMib(): Promise<number> {
    process.kill(this.process.pid, 'SIGUSR2');
    await pause(COLLECTED_MS);
    process.kill(this.process.pid, 'SIGUSR2');
    await pause(COLLECTED_MS);
    return (await this.metrics()).sum('nodejs_heap_size_used_bytes') / 2 ** 20;
  }

  /** Moments (Unix ms) at which it tried to connect to a port, from a moment on. */
  connectsTo(port: number, from = 0): number[] {
    const lines = existsSync(this.connectsFile) ? readFileSync(this.connectsFile, 'utf8').trim().split('\n') : [];
    const attempts = lines.map((line) => line.split(' ').map(Number));
    return attempts.flatMap(([at = 0, to]) => (to === port && at >= from ? [at] : []));
  }

  /** Stops all of its threads until {@link resume}, as a scheduler does that gives it no CPU. */
  pause(): void {
    if (this.hasSurvived) process.kill(this.process.pid, 'SIGSTOP');
  }

  resume(): void {
    if (this.hasSurvived) process.kill(this.process.pid, 'SIGCONT');
  }

  forgetOutput(): void {
    if (this.hasSurvived) this.process.forgetOutput();
  }

  /** Ends it in the middle of whatever it does. */
  kill(): Promise<void> {
    return this.process.kill();
  }

  stop(): Promise<void> {
    return this.process.stop();
  }
}

/** Everything that one scenario starts; what it does not close itself, `close` does. */
export class SoakTestbed {
  private readonly output = openOutputFolder();
  private readonly gateways: SoakGateway[] = [];
  private readonly closers: (() => unknown)[] = [];
  private readonly logTimer = setInterval(() => this.gateways.forEach((each) => each.forgetOutput()), LOG_KEPT_MS);

  private constructor(
    readonly environment: SoakEnvironment,
    private readonly entry: readonly string[],
  ) {}

  /** @param entry arguments with which node runs a gateway. */
  static async open(entry: readonly string[], wish: EnvironmentOptions = {}): Promise<SoakTestbed> {
    const folder = openOutputFolder();
    try {
      const testbed = new SoakTestbed(await SoakEnvironment.start(join(folder.path, 'sandbox.log'), wish), entry);
      testbed.onClose(folder.remove);
      return testbed;
    } catch (error) {
      folder.remove();
      throw error;
    }
  }

  /**
   * Starts a gateway in this sandbox and waits until it is ready.
   *
   * @param wrap a command that runs the one that follows it, in the same process in the end.
   */
  async gateway(env: Readonly<Record<string, string>> = {}, wrap: readonly string[] = []): Promise<SoakGateway> {
    const port = await freePort();
    const name = `gateway-${this.gateways.length + 1}`;
    const connectsFile = join(this.output.path, `${name}.connects`);
    const opsPort = 'GATEWAY_TLS_CERT_FILE' in env ? await freePort() : undefined;
    const own = {
      API_GATEWAY_PORT: String(port),
      SOAK_CONNECTS: connectsFile,
      ...(opsPort === undefined ? {} : { OPS_PORT: String(opsPort) }),
    };
    const settings = { ...(await this.environment.env()), ...ROOMY, ...env, ...own };
    const node = [process.execPath, '--expose-gc', '--import', PRELOAD, ...this.entry];
    const [file = '', ...args] = [...wrap, ...node];
    const command = { file, args, env: settings };
    const started = new PinnedProcess(name, command, GATEWAY_CORE, join(this.output.path, `${name}.log`));
    const url = `${opsPort === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
    const opsUrl = `http://127.0.0.1:${opsPort ?? port}`;
    const gateway = new SoakGateway(started, url, opsUrl, connectsFile);
    this.gateways.push(gateway);
    await started.ready(async () => (await fetch(`${opsUrl}/readyz`)).ok);
    return gateway;
  }

  /** Folder for what a scenario's own processes write, removed when the testbed closes. */
  get outputPath(): string {
    return this.output.path;
  }

  /** Has something closed with the arena. */
  onClose(close: () => unknown): void {
    this.closers.push(close);
  }

  async close(): Promise<void> {
    clearInterval(this.logTimer);
    await Promise.all(this.gateways.map((each) => each.stop()));
    for (const close of this.closers.splice(0).reverse()) await close();
    await this.environment.close();
    this.output.remove();
  }
}

/** Asks until the answer is yes; false when it is not within so many seconds. */
export async function eventually(probe: () => Promise<boolean>, seconds: number): Promise<boolean> {
  const giveUpAt = performance.now() + seconds * 1000;
  while (!(await probe())) {
    if (performance.now() > giveUpAt) return false;
    await pause(POLL_MS);
  }
  return true;
}
