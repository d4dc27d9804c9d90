import type { GatewayConfig } from '../../src/config/gateway-config.js';
import type { World } from '../../sandbox/world.js';
import { startTestGateway, type LogLine } from './gateway.js';
import { GatewayProcess } from './gateway-process.js';

/** No limits that a scenario would meet by its load, nor because the machine is busy. */
const UNHURRIED = { GATEWAY_SHED_DELAY: '0s', RATE_LIMIT_RPS: '100000', RATE_LIMIT_BURST: '100000' };

/** What a scenario changes of its gateway. */
export interface FaultOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** A world that runs already; closed with the gateway. */
  readonly world?: World;
  /** Shorter than the settings let through; not for a process. */
  readonly grpc?: Partial<GatewayConfig['grpc']>;
  /** Starts another kind of gateway. */
  readonly launch?: typeof startTestGateway;
  /** In a process of its own: its memory is its own, and it may die. */
  readonly isProcess?: boolean;
}

/** What a scenario happens to. */
export interface Subject {
  readonly world: World;
  readonly url: string;
  readonly lines: readonly LogLine[];
  readonly isAlive: () => boolean;
  close(): Promise<void>;
}

/** Starts a gateway in a world, in this process or in its own. */
export async function startSubject(world: World, options: FaultOptions): Promise<Subject> {
  const { env = {}, grpc = {}, isProcess = false, launch = startTestGateway } = options;
  if (!isProcess) {
    const gateway = await launch({ world, env, grpc });
    return { ...gateway, isAlive: () => true };
  }
  const gateway = await GatewayProcess.start(world, { ...UNHURRIED, ...env });
  return {
    world,
    url: gateway.url,
    lines: gateway.lines,
    isAlive: () => gateway.child.exitCode === null && gateway.child.signalCode === null,
    async close() {
      await gateway.kill();
      await world.close();
    },
  };
}
