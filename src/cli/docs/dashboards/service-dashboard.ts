import { ACCESS } from './access-rows.js';
import type { Dashboard } from './dashboard.js';
import { LIFECYCLE, PROCESS } from './process-rows.js';
import { CACHES, LIMITS, OUTBOX } from './protection-rows.js';
import { SLO_UID, SERVICE_UID } from './uids.js';
import { BY_ROUTE, GATEWAY_OR_UPSTREAM, NOW } from './traffic-rows.js';
import { BY_UPSTREAM, CIRCUITS, STREAMS } from './upstream-rows.js';

/** Shows what an operator checks first, in the order in which an outage is narrowed down. */
export const SERVICE_DASHBOARD: Dashboard = {
  uid: SERVICE_UID,
  title: 'API gateway',
  description: 'Requests, upstreams, protection, authentication, usage and process of the API gateway.',
  variables: [
    { name: 'job', label: 'Job', query: 'gateway_build_info, job', fixed: 'api-gateway' },
    { name: 'instance', label: 'Pod', query: 'gateway_build_info{job="$job"}, instance' },
    { name: 'upstream', label: 'Upstream', query: 'gateway_upstream_up{job="$job"}, upstream' },
    { name: 'route', label: 'Route', query: 'http_requests_total{job="$job"}, path' },
  ],
  rows: [
    NOW,
    BY_ROUTE,
    GATEWAY_OR_UPSTREAM,
    BY_UPSTREAM,
    CIRCUITS,
    LIMITS,
    STREAMS,
    ACCESS,
    CACHES,
    OUTBOX,
    PROCESS,
    LIFECYCLE,
  ],
  others: [['Objectives', SLO_UID]],
};
