import type { LoggerService } from '@nestjs/common';

/**
 * Returns a logger for Nest that demotes its startup messages to `debug`: about a hundred lines, useful only to
 * developers of extensions.
 */
export function frameworkLog(log: LoggerService & Required<Pick<LoggerService, 'debug'>>): LoggerService {
  return {
    log: (message, ...rest: unknown[]) => void log.debug(message, ...rest),
    debug: (message, ...rest: unknown[]) => void log.debug(message, ...rest),
    warn: (message, ...rest: unknown[]) => void log.warn(message, ...rest),
    error: (message, ...rest: unknown[]) => void log.error(message, ...rest),
  };
}
