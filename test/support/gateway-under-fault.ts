import type { GatewayConfig } from '../../src/config/gateway-config.js';
import type { SandboxEnvironment } from '../../sandbox/environment.js';
import { startTestGateway, type LogLine } from './gateway.js';
import { GatewayProcess } from './gateway-process.js';

/** No limits that a scenario would meet by its load, nor because the machine is busy. */
const UNHURRIED = { GATEWAY_SHED_DELAY: '0s', RATE_LIMIT_RPS: '100000', RATE_LIMIT_BURST: '100000' };

/** Options of a scenario's gateway. */
export interface FaultOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** A sandbox that runs already; closed with the gateway. */
  readonly sandbox?: SandboxEnvironment;
  /** Shorter than the settings let through; not for a process. */
  readonly grpc?: Partial<GatewayConfig['grpc']>;
  /** Starts another kind of gateway. */
  readonly launch?: typeof startTestGateway;
  /** In a process of its own: its memory is its own, and it may die. */
  readonly isProcess?: boolean;
}

/** Subject of a scenario. */
export interface Subject {
  readonly sandbox: SandboxEnvironment;
  readonly url: string;
  readonly lines: readonly LogLine[];
  readonly isAlive: () => boolean;
  close(): Promise<void>;
}

/** Starts a gateway in a sandbox, in this process or in its own. */
export async function startSubject(sandbox: SandboxEnvironment, options: FaultOptions): Promise<Subject> {
  const { env = {}, grpc = {}, isProcess = false, launch = startTestGateway } = options;
  if (!isProcess) {
    const gateway = await launch({ sandbox, env, grpc });
    return { ...gateway, isAlive: () => true };
  }
  const gateway = await GatewayProcess.start(sandbox, { ...UNHURRIED, ...env });
  return {
    sandbox,
    url: gateway.url,
    lines: gateway.lines,
    isAlive: () => gateway.child.exitCode === null && gateway.child.signalCode === null,
    async close() {
      await gateway.kill();
      await sandbox.close();
    },
  };
}
