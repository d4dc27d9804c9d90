import type { LoggerService } from '@nestjs/common';

/** Nest's own lines, its account of putting the application together on level `debug`: a hundred at each start, of use to none but those who extend it. */
export function frameworkLog(log: LoggerService & Required<Pick<LoggerService, 'debug'>>): LoggerService {
  return {
    log: (message, ...rest: unknown[]) => void log.debug(message, ...rest),
    debug: (message, ...rest: unknown[]) => void log.debug(message, ...rest),
    warn: (message, ...rest: unknown[]) => void log.warn(message, ...rest),
    error: (message, ...rest: unknown[]) => void log.error(message, ...rest),
  };
}
