import type { Logger } from 'pino';
import { ConfigError } from './config/config-error.js';
import type { GatewayConfig } from './config/gateway-config.js';
import { configWarnings } from './config/warnings.js';
import { processEnvironment, readConfig } from './config/read-config.js';
import { logConfigWarnings } from './log-config-warnings.js';
import { startGateway, type RunningGateway } from './gateway.js';
import { captureConsole } from './observe/console-capture.js';
import { stdoutStream } from './observe/log-stream.js';
import { createEarlyLogger, createLogger } from './observe/logger.js';
import { settingsRefusal, type StartRefusal, startRefusal } from './start-refusal.js';
import { VERSION } from './version.js';

const EXIT_FAILURE = 1;
/** After an uncaught exception no state can be trusted: this long for the requests in flight, then out. */
const PANIC_DRAIN_MS = 2_000;

/** Runs the gateway as a process: from its environment to its exit code. */
export async function runGateway(): Promise<void> {
  const config = readConfigOrExit();
  const logger = createLogger(config, VERSION, stdoutStream());
  const log = logger.events;
  captureConsole(log);
  logConfigWarnings(log, configWarnings(config, processEnvironment()));
  try {
    const gateway = await startGateway(config, logger);
    exitOnSignals(gateway, log);
    log.info({ url: gateway.url }, 'listening');
  } catch (error) {
    refuse(startRefusal(error, config), log);
  }
}

function readConfigOrExit(): GatewayConfig {
  try {
    return readConfig();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    refuse(settingsRefusal(error), createEarlyLogger(VERSION));
  }
}

function refuse({ exitCode, lines }: StartRefusal, log: Logger): never {
  for (const [fields, message] of lines) log.fatal(fields, message);
  process.exit(exitCode);
}

function exitOnSignals(gateway: RunningGateway, log: Logger): void {
  const drainAndExit = () => void gateway.drain().then(() => process.exit(0));
  process.once('SIGTERM', drainAndExit);
  process.once('SIGINT', drainAndExit);
  process.once('uncaughtException', (error) => panic(gateway, log, error));
  process.once('unhandledRejection', (reason) => panic(gateway, log, reason));
}

function panic(gateway: RunningGateway, log: Logger, error: unknown): void {
  log.fatal({ err: error }, 'panic: uncaught exception');
  setTimeout(() => process.exit(EXIT_FAILURE), PANIC_DRAIN_MS);
  void gateway.drain().finally(() => process.exit(EXIT_FAILURE));
}
