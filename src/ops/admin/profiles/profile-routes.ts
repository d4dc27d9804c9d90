import { html, json } from '../admin-answer.js';
import { type AdminRoute, route } from '../admin-route.js';
import { snapshotQuery, takeHeapSnapshot } from './heap-snapshot.js';
import { indexPage } from './index-page.js';
import { activityQuery, showActivity } from './show-activity.js';
import { blockQuery, loopQuery, showBlocks, showLoop, showWaits, waitsQuery } from './show-waits.js';
import { cpuQuery, heapQuery, heapSeconds, takeCpuProfile, takeHeapProfile } from './take-profiles.js';

/** Time in addition to the measurement: V8 writes the profile, garbage is collected, and source maps are read. */
const ENCODING_MS = 30_000;
const SNAPSHOT_MS = 30_000;
const WATCH_SECONDS = 5;

const lasting = ({ seconds }: { readonly seconds?: unknown }) => Number(seconds ?? WATCH_SECONDS) * 1_000 + ENCODING_MS;
const heapLasting = (query: Parameters<typeof heapSeconds>[0]) => heapSeconds(query) * 1_000 + ENCODING_MS;
const heap = { query: heapQuery, deadlineMs: heapLasting, isLong: true };

/** Routes that inspect the main thread, all of which are handled by the worker. */
export const PROFILE_ROUTES: readonly AdminRoute[] = [
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
