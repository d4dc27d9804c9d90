import { join } from 'node:path';
import { choosePort } from '../../../sandbox/gateway-process.js';
import type { SandboxEnvironment } from '../../../sandbox/environment.js';
import { buildGateway } from '../../support/build.js';
import { GatewayProcess } from '../../support/gateway-process.js';

const MAX_ATTEMPTS = 5;
const NODE = ['--enable-source-maps', '--disable-sigusr1'];

let built: string | undefined;

/** The folder of the built gateway, which starts in half the time of the sources. */
function builtOnce(): string {
  built ??= buildGateway();
  return built;
}

/** Settings that differ between pods. */
export interface PodOptions {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  /** Arguments of node before the program of the gateway. */
  readonly nodeArgs: readonly string[];
}

/** A gateway in a process of its own, as a pod has one: port, operational port and admin listener are those of this machine. */
export class Pod {
  private readonly killOnExit = () => this.process.child.kill('SIGKILL');

  /** True once it was told to end: no more requests are sent to it. */
  isEnding = false;

  private constructor(
    readonly name: string,
    readonly process: GatewayProcess,
  ) {
    globalThis.process.once('exit', this.killOnExit);
    void process.exited.then(() => globalThis.process.off('exit', this.killOnExit));
  }

  /** Starts it; ready when it resolves. A port that somebody took meanwhile is replaced. */
  static async start(sandbox: SandboxEnvironment, options: PodOptions): Promise<Pod> {
    for (let attempt = 1; ; attempt++) {
      const pod = await Pod.spawn(sandbox, options);
      try {
        await pod.process.ready();
        return pod;
      } catch (error) {
        const isTaken = pod.lines.some(({ msg }) => msg === 'port_in_use');
        if (!isTaken || attempt === MAX_ATTEMPTS) throw error;
      }
    }
  }

  private static async spawn(sandbox: SandboxEnvironment, { name, env, nodeArgs }: PodOptions): Promise<Pod> {
    const port = await choosePort('0');
    const ports = { API_GATEWAY_PORT: port, OPS_PORT: await choosePort('0'), GATEWAY_ADMIN_ADDR: '127.0.0.1:0' };
    const settings = { ...sandbox.gatewayEnv(`http://localhost:${port}`), POD_NAME: name, ...ports, ...env };
    const program = [...NODE, ...nodeArgs, join(builtOnce(), 'dist/main.js')];
    return new Pod(name, new GatewayProcess(sandbox, settings, program));
  }

  /** URL for clients. */
  get url(): string {
    return this.process.url;
  }

  /** URL for browsers: the only one at which their cookies are valid. */
  get publicUrl(): string {
    return `http://localhost:${new URL(this.url).port}`;
  }

  /** URL of `/metrics` and the health paths: port 9464 in a pod. */
  get opsUrl(): string {
    return this.process.opsUrl;
  }

  /** URL of its admin listener: port 6060 in a pod. */
  get adminUrl(): string {
    return this.process.adminUrl;
  }

  /** Its lines so far. */
  get lines(): readonly Readonly<Record<string, unknown>>[] {
    return this.process.lines;
  }

  get isRunning(): boolean {
    return this.process.child.exitCode === null && this.process.child.signalCode === null;
  }

  /** Begins or ends a fault of `test/support/planted.ts` in its process, where the scenario has it loaded. */
  async plant(fault: string): Promise<void> {
    const url = String(this.lines.find(({ msg }) => msg === 'planted')?.['url']);
    await (await fetch(url + fault)).arrayBuffer();
  }

  /** Sends SIGTERM and does not wait. */
  terminate(): void {
    this.isEnding = true;
    this.process.child.kill('SIGTERM');
  }

  /** Ends it without a farewell. Idempotent. */
  kill(): Promise<void> {
    return this.process.kill();
  }
}
