import { hostname } from 'node:os';
import { pino, type DestinationStream, type LoggerOptions } from 'pino';
import type { Params } from 'nestjs-pino';
import type { GatewayConfig } from '../config/gateway-config.js';

/** Values of these keys never reach a line, whoever logs the object: the second net under the allow-list of the access line. */
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
export function loggerOptions(config: GatewayConfig, version: string): LoggerOptions {
  return {
    level: config.log.level,
    base: { service: 'api-gateway', env: config.environment, version, pod: hostname() },
    timestamp: () => `,"ts":"${new Date().toISOString()}"`,
    formatters: { level: (level) => ({ level }) },
    redact: { paths: SECRET_PATHS, censor: '[redacted]' },
  };
}

/** Parameters of LoggerModule: no middleware and no automatic lines, since each request has one line of its own. */
export function loggerParams(config: GatewayConfig, version: string, destination?: DestinationStream): Params {
  const logger =
    destination === undefined
      ? pino(loggerOptions(config, version))
      : pino(loggerOptions(config, version), destination);
  return { pinoHttp: { logger, autoLogging: false }, forRoutes: [] };
}
