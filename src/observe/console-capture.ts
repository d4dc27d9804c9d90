import { format } from 'node:util';
import type { Logger } from 'pino';

/** Maximum length of a captured text in characters: libraries may repeat their input. */
const MAX_LENGTH = 1000;

const LEVELS = { debug: 'debug', info: 'info', log: 'info', warn: 'warn', error: 'error', trace: 'debug' } as const;

/**
 * Writes `console` output of libraries and warnings of Node as log lines, so that standard output contains one JSON
 * object per line. For a process of its own only: a library must not replace the console of its host.
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
