import { isatty } from 'node:tty';
import type { Logger } from 'pino';
import { ConfigError } from './config/config-error.js';
import { parseEnvironment } from './config/environment.js';
import type { GatewayConfig } from './config/gateway-config.js';
import { processEnvironment, rawLogFormat, readEnvironment } from './config/read-config.js';
import type { Environment } from './config/variables.js';
import { configWarnings } from './config/warnings.js';
import { startGateway } from './gateway.js';
import { logConfigWarnings } from './log-config-warnings.js';
import { captureConsole } from './observe/console-capture.js';
import { earlyStream, JsonStream, PrettyStream, prettyWriter } from './observe/log-format.js';
import { stdoutStream } from './observe/log-stream.js';
import { createEarlyLogger, createLogger, type GatewayLogger } from './observe/logger.js';
import type { Channel } from './ops/workers/process-link.js';
import { Siblings } from './ops/workers/siblings.js';
import { type Drainable, ProcessEnd } from './process-end.js';
import { settingsRefusal, type StartRefusal, startRefusal } from './start-refusal.js';
import type { StopSignals } from './stop-signals.js';
import { VERSION } from './version.js';

const STDOUT = 1;

/** Runs the gateway as a process, from reading its environment to its exit code. */
export async function runGateway(signals: StopSignals): Promise<void> {
  const { config, environment } = readConfigOrExit();
  const stdout = stdoutStream();
  if (config.workers > 1 || config.worker !== undefined) stdout.share();
  const pretty = prettyWriter(config.log, isatty(STDOUT));
  const stream = pretty === undefined ? new JsonStream(stdout) : new PrettyStream(stdout, pretty);
  const logger = createLogger(config, VERSION, stream);
  const log = logger.events;
  const end = new ProcessEnd(config, log, stdout);
  captureConsole(log);
  if (config.worker === undefined) logConfigWarnings(log, configWarnings(config, environment));
  const starting = start({ config, environment, logger, signals });
  end.watch(starting, signals);
  try {
    const { reload, failed } = await starting;
    void failed?.then((code) => end.exit(code));
    signals.onReload(() => {
      log.info({ signal: 'SIGHUP' }, 'reload_requested');
      // The result is logged.
      reload().catch(() => undefined);
    });
  } catch (error) {
    await end.exit(report(startRefusal(error, config), log));
  }
}

interface Running extends Drainable {
  readonly reload: () => Promise<unknown>;
  /** Resolves to an exit code when it fails; undefined in a single process. */
  readonly failed?: Promise<number>;
}

interface ProcessParts extends ReadSettings {
  readonly logger: GatewayLogger;
  readonly signals: StopSignals;
}

/** Starts a single gateway, a worker, or the primary process of workers. */
async function start({ config, environment, logger, signals }: ProcessParts): Promise<Running> {
  if (config.worker === undefined && config.workers > 1) {
    const { startWorkers } = await import('./run-workers.js');
    return startWorkers(config, logger);
  }
  if (config.worker !== undefined) signals.beWorker();
  const siblings = config.worker === undefined ? undefined : new Siblings(process as Channel);
  const gateway = await startGateway(config, logger, { initial: environment, read: readEnvironment }, siblings);
  const { url, opsUrl } = gateway;
  logger.events.info({ url }, 'listening');
  await siblings?.started({ url, opsUrl });
  return gateway;
}

/** Settings, and the environment and files that they were read from. */
interface ReadSettings {
  readonly config: GatewayConfig;
  readonly environment: Environment;
}

function readConfigOrExit(): ReadSettings {
  try {
    const environment = readEnvironment();
    return { config: parseEnvironment(environment), environment };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const stream = earlyStream(prettyWriter(rawLogFormat(processEnvironment()), isatty(STDOUT)));
    process.exit(report(settingsRefusal(error), createEarlyLogger(VERSION, stream)));
  }
}

/** Logs the reasons of a failed start. Returns the exit code. */
function report({ exitCode, lines }: StartRefusal, log: Logger): number {
  for (const [fields, message] of lines) log.fatal(fields, message);
  return exitCode;
}
