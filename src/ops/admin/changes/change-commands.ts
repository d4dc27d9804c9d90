import type { Logger } from 'pino';
import type { Observation } from '../../../observe/observe.module.js';
import type { RateLimiter } from '../../../traffic/limits/rate-limiter.js';
import type { Drain } from '../../drain.js';
import type { Reloader } from '../../reload/reloader.js';
import type { AdminCommands, AdminInput, ChangeCommand } from '../admin-messages.js';
import { shownTime } from '../state/shown-time.js';
import { TemporaryValue } from './temporary-value.js';

/** Returns the commands that change this instance by hand. */
export function changeCommands(
  { logger, inFlight }: Observation,
  limiter: RateLimiter,
  { drain, reloader }: { readonly drain: Pick<Drain, 'begin'>; readonly reloader: Pick<Reloader, 'reload'> },
): AdminCommands<ChangeCommand> {
  const { events } = logger;
  const level = new TemporaryValue(levelOf(events));
  const dryRun = new TemporaryValue<boolean>({
    read: () => limiter.dryRun,
    write: (value) => void (limiter.dryRun = value),
    onRestored: (value) => events.warn({ dry_run: value }, 'dry_run_restored'),
  });
  return {
    'set-log-level': ({ body }) => {
      level.set(String(body['level']), timeIn(body));
      return { level: events.level, until: endOf(timeIn(body)) };
    },
    'set-rate-limit-dry-run': ({ body }) => {
      dryRun.set(body['enabled'] === true, timeIn(body));
      return { dryRun: limiter.dryRun, until: endOf(timeIn(body)) };
    },
    drain: () => {
      drain.begin();
      return { draining: true, inFlight: inFlight.size };
    },
    reload: () => reloader.reload(),
  };
}

function levelOf(events: Logger) {
  return {
    read: () => events.level,
    write: (value: string) => void (events.level = value),
    onRestored: (value: string) => events.info({ log_level: value }, 'log_level_restored'),
  };
}

function timeIn(body: AdminInput['body']): number | undefined {
  const { for: ms } = body;
  return typeof ms === 'number' ? ms : undefined;
}

function endOf(ms: number | undefined): string | null {
  return ms === undefined ? null : shownTime(Date.now() + ms);
}
