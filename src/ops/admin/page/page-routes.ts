import { events } from '../admin-answer.js';
import { type AdminRoute, route } from '../admin-route.js';
import { LivePages } from './live-pages.js';
import { pageAnswer } from './page-answer.js';

/** Routes of the live page, and of the events that update it. */
export const PAGE_ROUTES: readonly AdminRoute[] = [
  route('GET /admin/', { worker: pageAnswer }),
  route(
    'GET /admin/events',
    { worker: ({ main, signal }) => events(LivePages.of(main).open(signal)) },
    { isLong: true },
  ),
];
