import 'reflect-metadata';
import { setTimeout as pause } from 'node:timers/promises';
import { parseEnvironment } from '../config/environment.js';
import { startGateway as start } from '../gateway.js';
import { createLogger } from '../observe/logger.js';
import { VERSION } from '../version.js';

/** Gateway in the process of a test. */
export interface StartedGateway {
  /** URL of its listener, such as `http://127.0.0.1:40001`. */
  readonly url: string;
  /** Stops it and closes everything. */
  close(): Promise<void>;
}

const READY_WITHIN_MS = 30_000;
const POLL_MS = 20;
/** Settings for a test: any free port, no admin listener, no wait at shutdown. */
const DEFAULTS = {
  API_GATEWAY_PORT: '0',
  GATEWAY_ADMIN_ADDR: '',
  GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT: '0s',
  // The event loop of a test process lags for other reasons than load.
  GATEWAY_SHED_DELAY: '0s',
};

/**
 * Starts a gateway with settings of docs/configuration.md, and resolves once it is ready.
 * @param log what takes the lines of its log, each with its line feed; they are dropped unless given.
 * Rejects with ConfigError or ContractError for what `gateway check` refuses.
 */
export async function startGateway(
  settings: Readonly<Record<string, string>>,
  log: (line: string) => void = () => undefined,
): Promise<StartedGateway> {
  const config = parseEnvironment({ ...DEFAULTS, ...settings });
  const gateway = await start(config, createLogger(config, VERSION, { write: log, dropped: 0 }));
  await untilReady(gateway.opsUrl ?? gateway.url);
  return { url: gateway.url, close: () => gateway.drain() };
}

async function untilReady(url: string): Promise<void> {
  const giveUpAt = performance.now() + READY_WITHIN_MS;
  for (;;) {
    const { ok } = await fetch(`${url}/readyz`);
    if (ok) return;
    if (performance.now() > giveUpAt) throw new Error(`the gateway is not ready after ${READY_WITHIN_MS} ms`);
    await pause(POLL_MS);
  }
}
