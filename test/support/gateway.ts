import { Writable } from 'node:stream';
import { parseEnvironment } from '../../src/config/environment.js';
import type { GatewayConfig } from '../../src/config/gateway-config.js';
import { startGateway, type RunningGateway } from '../../src/gateway.js';
import { InFlightRegistry } from '../../src/observe/in-flight.js';
import { createLogger } from '../../src/observe/logger.js';
import { startSandbox, type SandboxEnvironment } from '../../sandbox/environment.js';
import { TESTED_TRANSPORT } from './tested-transport.js';
import { until } from './until.js';

/** A log line as it was written. */
export type LogLine = Readonly<Record<string, unknown>>;

/** A gateway in this process, in a sandbox of its own. */
export interface TestGateway {
  readonly sandbox: SandboxEnvironment;
  readonly gateway: RunningGateway;
  readonly url: string;
  /** All lines so far. */
  readonly lines: LogLine[];
  close(): Promise<void>;
}

/** Options of a gateway under test. */
export interface TestOptions {
  /** Settings on top of the sandbox's. */
  readonly env?: Readonly<Record<string, string>>;
  /** Settings on top of those, which a reload reads again. */
  readonly reread?: () => Readonly<Record<string, string>>;
  /** A sandbox that runs already, closed with the gateway; otherwise one is started. */
  readonly sandbox?: SandboxEnvironment;
  /** Times of upstream connections that are shorter than the settings let through. */
  readonly grpc?: Partial<GatewayConfig['grpc']>;
  readonly waitUntilReady?: boolean;
}

/** Starts a sandbox and a gateway in it, on free ports, ready when it resolves. */
export async function startTestGateway(options: TestOptions = {}): Promise<TestGateway> {
  const { env = {}, grpc = {}, waitUntilReady = true } = options;
  const sandbox = options.sandbox ?? (await startSandbox({ faultServer: false, idp: false }));
  const lines: LogLine[] = [];
  const log = new Writable({
    write(chunk: Buffer, _encoding, done) {
      for (const line of chunk.toString().split('\n')) if (line !== '') lines.push(JSON.parse(line) as LogLine);
      done();
    },
  });
  const base = {
    ...sandbox.gatewayEnv(),
    API_GATEWAY_PORT: '0',
    GATEWAY_GRPC_TRANSPORT: TESTED_TRANSPORT,
    GATEWAY_ADMIN_ADDR: '',
    GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT: '0s',
    // Calls of reflection would be among those that tests count at their backends.
    GATEWAY_CONTRACT_DRIFT_INTERVAL: '0s',
    // The event loop of a test process lags for reasons of its own.
    GATEWAY_SHED_DELAY: '0s',
    RATE_LIMIT_RPS: '100000',
    RATE_LIMIT_BURST: '100000',
    ...env,
  };
  const read = () => ({ ...base, ...options.reread?.() });
  const settings = parseEnvironment(read());
  const config = { ...settings, grpc: { ...settings.grpc, ...grpc } };
  const gateway = await startGateway(
    config,
    createLogger(config, 'test', { write: (line) => void log.write(line), dropped: 0 }),
    options.reread && { initial: read(), read },
  );
  if (waitUntilReady) await untilReady(gateway.opsUrl ?? gateway.url);
  const close = async () => {
    await gateway.drain();
    await sandbox.close();
  };
  return { sandbox, gateway, url: gateway.url, lines, close };
}

/** The line of a request, as soon as it is written: that may be after its client has the response. */
export async function lineOf({ lines }: TestGateway, { headers }: Response): Promise<LogLine> {
  const id = headers.get('x-request-id');
  return until(() => lines.find((line) => line.request_id === id));
}

/** The line of the request that ended last; lines about the gateway itself may come at any time. */
export function lastRequest({ lines }: Pick<TestGateway, 'lines'>): LogLine | undefined {
  return lines.findLast(({ status }) => status !== undefined);
}

/** The stages of the requests under way, which say more than that they have come: see `CallContext.stage`. */
export function stages({ gateway }: TestGateway): string[] {
  return [...gateway.app.get(InFlightRegistry)].map(({ stage }) => stage);
}

async function untilReady(url: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if ((await fetch(`${url}/readyz`)).ok) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('the gateway did not become ready');
}
