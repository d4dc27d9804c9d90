import { json } from './admin-answer.js';
import { CHANGE_ROUTES } from './changes/change-routes.js';
import { DRY_RUN_ROUTES } from './dry-run/dry-run-routes.js';
import { PAGE_ROUTES } from './page/page-routes.js';
import { STATE_ROUTES } from './state/state-routes.js';
import { type AdminRoute, route } from './admin-route.js';
import { PROFILE_ROUTES } from './profiles/profile-routes.js';

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
