import { z } from 'zod';
import { type AdminRoute, route } from '../admin-route.js';

const MAX_LISTED = 1_000;

const LIST = z.strictObject({
  /** Maximum number of entries shown. */
  limit: z.coerce.number().int().min(1).max(MAX_LISTED).default(100),
});

/** Routes that show the present and recent state of the gateway. */
export const STATE_ROUTES: readonly AdminRoute[] = [
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
