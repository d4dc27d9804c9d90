import type { Logger } from 'pino';
import { ConfigError, formatProblem } from './config/config-error.js';
import type { GatewayConfig } from './config/gateway-config.js';
import { configWarnings } from './config/warnings.js';
import { readConfig } from './config/read-config.js';
import { ContractError } from './contract/contract.js';
import { describeProblem } from './contract/contract-problem.js';
import { DescriptorError } from './contract/descriptors.js';
import { startGateway, type RunningGateway } from './gateway.js';
import { stdoutStream } from './observe/log-stream.js';
import { createEarlyLogger, createLogger } from './observe/logger.js';
import { AdminListenError } from './ops/admin/admin-listen-error.js';
import { VERSION } from './version.js';

/** EX_CONFIG of sysexits(3): started again with the same settings it would fail again. */
const EXIT_CONFIG = 78;
const EXIT_FAILURE = 1;
/** After an uncaught exception no state can be trusted: this long for the requests in flight, then out. */
const PANIC_DRAIN_MS = 2_000;

/** Runs the gateway as a process: from its environment to its exit code. */
export async function runGateway(): Promise<void> {
  const config = readConfigOrExit();
  const logger = createLogger(config, VERSION, stdoutStream());
  const log = logger.events;
  for (const warning of configWarnings(config)) log.warn(warning, `config_warning ${formatProblem(warning)}`);
  try {
    const gateway = await startGateway(config, logger);
    exitOnSignals(gateway, log);
    log.info({ url: gateway.url }, 'listening');
  } catch (error) {
    refuseToStart(error, config, log);
  }
}

function readConfigOrExit(): GatewayConfig {
  try {
    return readConfig();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    refuseSettings(error, createEarlyLogger(VERSION));
  }
}

function refuseSettings(error: ConfigError, log: Logger): never {
  for (const problem of error.problems) log.fatal(problem, `config_invalid ${formatProblem(problem)}`);
  process.exit(EXIT_CONFIG);
}

function refuseToStart(error: unknown, { server }: GatewayConfig, log: Logger): never {
  if (error instanceof ConfigError) refuseSettings(error, log);
  if (error instanceof ContractError) {
    for (const problem of error.problems) log.fatal(problem, `contract_invalid ${describeProblem(problem)}`);
    process.exit(EXIT_CONFIG);
  }
  if (error instanceof DescriptorError) {
    for (const problem of error.problems) log.fatal(`contract_invalid ${problem}`);
    process.exit(EXIT_CONFIG);
  }
  if (error instanceof AdminListenError) {
    const { host, port } = error.address;
    if (error.isTaken)
      log.fatal({ host, port, setting: 'GATEWAY_ADMIN_ADDR', hint: `lsof -i :${port}` }, 'port_in_use');
    else log.fatal({ host, port, setting: 'GATEWAY_ADMIN_ADDR' }, `admin_listener_refused ${error.message}`);
    process.exit(EXIT_FAILURE);
  }
  if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') {
    log.fatal({ port: server.port, hint: `lsof -i :${server.port}` }, 'port_in_use');
    process.exit(EXIT_FAILURE);
  }
  log.fatal({ err: error }, 'panic: the gateway could not start');
  process.exit(EXIT_FAILURE);
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
