import { pino, type DestinationStream, type Logger, type LoggerOptions } from 'pino';
import type { GatewayConfig } from '../config/gateway-config.js';
import type { AccessLogOptions } from './access-fields.js';
import type { LogStream } from './log-stream.js';

/** Injection token of the {@link GatewayLogger}: the application's own, where nestjs-pino keeps one for the whole process. */
export const GATEWAY_LOGGER = Symbol('GatewayLogger');

/** Where lines go. */
export interface GatewayLogger {
  /** For events. Redacts what looks like a secret, whoever logs it. */
  readonly events: Logger;
  /** For the one line of each request, whose fields are an allow-list already. */
  readonly stream: LogStream;
  /** The fields that name this process, as JSON text that goes on an object: `,"service":"api-gateway",…`. */
  readonly base: string;
  /** What settings say about the line of a request. */
  readonly access: AccessLogOptions;
}

/** Values of these keys never reach a line: the second net under the allow-lists. */
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

/** For what is to be said before the settings are known, which is that they are wrong. */
export function createEarlyLogger(version: string, stream: DestinationStream): Logger {
  return pino({ ...FORMAT, base: { service: 'api-gateway', version } }, stream);
}

/** One JSON object a line on stdout, levels as words, the fields that name this process on each. */
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
