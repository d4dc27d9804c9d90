import { z } from 'zod';
import { duration } from '../../../config/unit-parsers.js';
import { Refusal } from '../../../config/setting.js';
import { type AdminRoute, route } from '../admin-route.js';

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;
const DEFAULT_TIME = '10m';
/** Deadline of a reload: contracts are compiled and keys are fetched before anything takes effect. */
const RELOAD_MS = 30_000;

/** Duration as in settings: `5m`; at most one day. */
const time = z.string().transform((raw, context) => {
  try {
    return duration().parse(raw);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    context.addIssue({
      code: 'custom',
      message: 'must be a time with its unit, above 0 and up to 24h, such as 90s or 5m',
    });
    return z.NEVER;
  }
});

/** Routes that change one instance, in its memory only. */
export const CHANGE_ROUTES: readonly AdminRoute[] = [
  route(
    'PUT /admin/loglevel',
    { main: 'set-log-level' },
    { body: z.strictObject({ level: z.enum(LEVELS), for: time.prefault(DEFAULT_TIME) }) },
  ),
  route(
    'PUT /admin/rate-limits/dry-run',
    { main: 'set-rate-limit-dry-run' },
    { body: z.strictObject({ enabled: z.boolean(), for: time.optional() }) },
  ),
  route('POST /admin/drain', { main: 'drain' }),
  route('POST /admin/reload', { main: 'reload' }, { deadlineMs: RELOAD_MS, isLong: true }),
];
