import { isatty } from 'node:tty';
import type { Logger } from 'pino';
import { ConfigError } from './config/config-error.js';
import type { GatewayConfig } from './config/gateway-config.js';
import { configWarnings } from './config/warnings.js';
import { parseEnvironment } from './config/environment.js';
import { processEnvironment, readEnvironment } from './config/read-config.js';
import type { Environment } from './config/variables.js';
import { logConfigWarnings } from './log-config-warnings.js';
import { startGateway } from './gateway.js';
import { rawLogFormat } from './config/log-format.js';
import { captureConsole } from './observe/console-capture.js';
import { earlyStream, JsonStream, prettyWriter, PrettyStream } from './observe/log-format.js';
import { stdoutStream } from './observe/log-stream.js';
import { createEarlyLogger, createLogger } from './observe/logger.js';
import { ProcessEnd } from './process-end.js';
import { settingsRefusal, type StartRefusal, startRefusal } from './start-refusal.js';
import type { StopSignals } from './stop-signals.js';
import { VERSION } from './version.js';

const STDOUT = 1;

/** Runs the gateway as a process: from its environment to its exit code. */
export async function runGateway(signals: StopSignals): Promise<void> {
  const { config, environment } = readConfigOrExit();
  const stdout = stdoutStream();
  const pretty = prettyWriter(config.log, isatty(STDOUT));
  const stream = pretty === undefined ? new JsonStream(stdout) : new PrettyStream(stdout, pretty);
  const logger = createLogger(config, VERSION, stream);
  const log = logger.events;
  const end = new ProcessEnd(config, log, stdout);
  captureConsole(log);
  logConfigWarnings(log, configWarnings(config, environment));
  const starting = startGateway(config, logger, { initial: environment, read: readEnvironment });
  end.watch(starting, signals);
  try {
    const gateway = await starting;
    log.info({ url: gateway.url }, 'listening');
    signals.onReload(() => {
      log.info({ signal: 'SIGHUP' }, 'reload_requested');
      // What became of it is logged.
      gateway.reload().catch(() => undefined);
    });
  } catch (error) {
    await end.exit(report(startRefusal(error, config), log));
  }
}

/** The settings, and the environment and files that they were read from. */
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

/** @returns the exit code. */
function report({ exitCode, lines }: StartRefusal, log: Logger): number {
  for (const [fields, message] of lines) log.fatal(fields, message);
  return exitCode;
}
