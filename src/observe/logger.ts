import { hostname } from 'node:os';
import { destination as pinoDestination, pino, type DestinationStream, type Logger, type LoggerOptions } from 'pino';
import type { GatewayConfig } from '../config/gateway-config.js';

/** Injection token of the {@link GatewayLogger}: the application's own, where nestjs-pino keeps one for the whole process. */
export const GATEWAY_LOGGER = Symbol('GatewayLogger');

/** Where lines go: those of events, and the one line of each request. */
export interface GatewayLogger {
  /** Redacts what looks like a secret, whoever logs it. */
  readonly events: Logger;
  /** Writes the line of a request, whose fields are an allow-list already. */
  readonly requests: Logger;
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
].flatMap((key) => [key, `*.${key}`, `*.*.${key}`]);

/** One JSON object a line on stdout, levels as words, the fields that name this process on each (rows 003-8, C-24). */
export function createLogger(config: GatewayConfig, version: string, destination?: DestinationStream): GatewayLogger {
  const options: LoggerOptions = {
    level: config.log.level,
    base: { service: 'api-gateway', env: config.environment, version, pod: hostname() },
    timestamp: () => `,"ts":"${new Date().toISOString()}"`,
    formatters: { level: (level) => ({ level }) },
  };
  const stream = destination ?? pinoDestination(1);
  return {
    events: pino({ ...options, redact: { paths: SECRET_PATHS, censor: '[redacted]' } }, stream),
    requests: pino(options, stream),
  };
}
