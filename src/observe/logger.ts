import { pino, type DestinationStream, type Logger, type LoggerOptions } from 'pino';
import type { GatewayConfig } from '../config/gateway-config.js';
import type { AccessLogOptions } from './access-fields.js';
import type { LogStream } from './log-stream.js';

/** Injection token of the {@link GatewayLogger}: one per application, whereas nestjs-pino has one per process. */
export const GATEWAY_LOGGER = Symbol('GatewayLogger');

/** Destinations of log lines. */
export interface GatewayLogger {
  /** Logger of events. Redacts whatever looks like a secret, in all of them. */
  readonly events: Logger;
  /** Stream of the request lines, whose fields are an allow-list already. */
  readonly stream: LogStream;
  /** Fields that identify this process, as JSON text that continues an object: `,"service":"api-gateway",…`. */
  readonly base: string;
  /** Settings of the request lines. */
  readonly access: AccessLogOptions;
}

/** Keys whose values are redacted on every line, in addition to the allow-lists. */
const SECRET_PATHS = [
  'authorization',
  'cookie',
  'password',
  'token',
  'secret',
  'refresh_token',
  'id_token',
  'access_token',
].flatMap((key) => [key, `*.${key}`]);

const FORMAT: LoggerOptions = {
  timestamp: () => `,"ts":"${new Date().toISOString()}"`,
  formatters: { level: (level) => ({ level }) },
};

/** Creates the logger for errors in the settings, before the format is known. */
export function createEarlyLogger(version: string, stream: DestinationStream): Logger {
  return pino({ ...FORMAT, base: { service: 'api-gateway', version } }, stream);
}

/**
 * Creates the logger: one JSON object per line on stdout, levels as words, with the fields that identify this
 * process.
 */
export function createLogger(config: GatewayConfig, version: string, stream: LogStream): GatewayLogger {
  const base = {
    service: 'api-gateway',
    env: config.environment,
    customer: config.deployment,
    version,
    pod: config.instance,
    ...(config.worker === undefined ? {} : { worker: config.worker.number }),
  };
  const options = { ...FORMAT, level: config.log.level, base, redact: { paths: SECRET_PATHS, censor: '[redacted]' } };
  return { events: pino(options, stream), stream, base: `,${JSON.stringify(base).slice(1, -1)}`, access: config.log };
}
