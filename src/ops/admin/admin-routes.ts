import { json, events, html } from './admin-response.js';
import { DRY_RUN_ROUTES } from './dry-run/dry-run-routes.js';
import { type AdminRoute, route } from './admin-route.js';
import { LivePages } from './page/live-pages.js';
import { livePage } from './page/live-page.js';
import { z } from 'zod';
import { duration } from '../../config/unit-parsers.js';
import { Refusal } from '../../config/setting.js';
import { snapshotQuery, takeHeapSnapshot } from './profiles/heap-snapshot.js';
import { indexPage } from './profiles/index-page.js';
import { activityQuery, showActivity } from './profiles/show-activity.js';
import { blockQuery, loopQuery, showBlocks, showLoop, showWaits, waitsQuery } from './profiles/show-waits.js';
import { cpuQuery, heapQuery, heapSeconds, takeCpuProfile, takeHeapProfile } from './profiles/take-profiles.js';

/** Time in addition to the measurement: V8 writes the profile, garbage is collected, and source maps are read. */
const ENCODING_MS = 30_000;
const SNAPSHOT_MS = 30_000;
const WATCH_SECONDS = 5;

const lasting = ({ seconds }: { readonly seconds?: unknown }) => Number(seconds ?? WATCH_SECONDS) * 1_000 + ENCODING_MS;
const heapLasting = (query: Parameters<typeof heapSeconds>[0]) => heapSeconds(query) * 1_000 + ENCODING_MS;
const heap = { query: heapQuery, deadlineMs: heapLasting, isLong: true };

/** Routes that inspect the main thread, all of which are handled by the worker. */
const PROFILE_ROUTES: readonly AdminRoute[] = [
  route('GET /debug/pprof/', { worker: () => html(indexPage()) }),
  route('GET /debug/pprof/profile', { worker: takeCpuProfile }, { query: cpuQuery, deadlineMs: lasting, isLong: true }),
  route('GET /debug/pprof/heap', { worker: takeHeapProfile('inuse_space') }, heap),
  route('GET /debug/pprof/allocs', { worker: takeHeapProfile('alloc_space') }, heap),
  route('GET /debug/pprof/goroutine', { worker: showActivity }, { query: activityQuery }),
  route('GET /debug/pprof/block', { worker: showBlocks }, { query: blockQuery, deadlineMs: lasting, isLong: true }),
  route('GET /debug/pprof/mutex', { worker: showWaits }, { query: waitsQuery }),
  route('GET /debug/eventloop', { worker: showLoop }, { query: loopQuery, deadlineMs: lasting, isLong: true }),
  route(
    'GET /debug/heapsnapshot',
    { worker: takeHeapSnapshot },
    // A snapshot contains everything in memory, including secrets.
    { query: snapshotQuery, access: 'change', deadlineMs: SNAPSHOT_MS, isLong: true },
  ),
  route('GET /debug/report', {
    worker: async ({ main }) => json(await main.inspection.ask((session) => session.view('report'))),
  }),
];

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
const CHANGE_ROUTES: readonly AdminRoute[] = [
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

const MAX_LISTED = 1_000;

const LIST = z.strictObject({
  /** Maximum number of entries shown. */
  limit: z.coerce.number().int().min(1).max(MAX_LISTED).default(100),
});

/** Routes that show the present and recent state of the gateway. */
const STATE_ROUTES: readonly AdminRoute[] = [
  route('GET /admin/routes', { main: 'show-routes' }),
  route('GET /admin/upstreams', { main: 'show-upstreams' }),
  route('GET /admin/limits', { main: 'show-limits' }),
  route('GET /admin/inflight', { main: 'show-inflight' }, { query: LIST }),
  route('GET /admin/config', { main: 'show-config' }),
  route('GET /admin/cache', { main: 'show-cache' }),
  route('GET /admin/sessions', { main: 'show-sessions' }),
  route('GET /admin/keys', { main: 'show-keys' }),
  route('GET /admin/errors', { main: 'list-errors' }),
  route('GET /admin/requests', { main: 'list-requests' }, { query: LIST }),
  route('GET /admin/requests/{id}', { main: 'show-request' }),
];

/** Routes of the live page, and of the events that update it. */
const PAGE_ROUTES: readonly AdminRoute[] = [
  route('GET /admin/', { worker: livePage }),
  route(
    'GET /admin/events',
    { worker: ({ main, signal }) => events(LivePages.of(main).open(signal)) },
    { isLong: true },
  ),
];

/** All routes of the admin listener. */
export const ADMIN_ROUTES: readonly AdminRoute[] = [
  route('GET /admin/ping', { worker: () => json({ status: 'alive' }) }),
  ...PAGE_ROUTES,
  ...STATE_ROUTES,
  ...CHANGE_ROUTES,
  ...DRY_RUN_ROUTES,
  route('GET /admin/circuits', { main: 'list-circuits' }),
  route('POST /admin/circuits/{upstream}/open', { main: 'open-circuit' }),
  route('POST /admin/circuits/{upstream}/close', { main: 'close-circuit' }),
  route('POST /admin/circuits/{upstream}/reset', { main: 'reset-circuit' }),
  ...PROFILE_ROUTES,
];
