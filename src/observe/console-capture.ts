import { format } from 'node:util';
import type { Logger } from 'pino';

/** A library's text may repeat what it was given. */
const MAX_LENGTH = 1000;

const LEVELS = { debug: 'debug', info: 'info', log: 'info', warn: 'warn', error: 'error', trace: 'debug' } as const;

/**
 * Writes what libraries print through `console`, and Node's own warnings, as log lines: what parses the log gets one
 * JSON object per line. For a process of its own; a library must not replace its host's console.
 */
export function captureConsole(logger: Logger): void {
  for (const [method, level] of Object.entries(LEVELS) as [
    keyof typeof LEVELS,
    'debug' | 'info' | 'warn' | 'error',
  ][]) {
    console[method] = (...args: unknown[]) =>
      logger[level]({ output: format(...args).slice(0, MAX_LENGTH) }, 'console_output');
  }
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) =>
    logger.warn({ warning: name, output: message.slice(0, MAX_LENGTH) }, 'node_warning'),
  );
}
