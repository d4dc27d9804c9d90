import type { Dashboard, Query, Row } from './dashboard.js';
import { SERVICE_UID, SLO_UID } from './uids.js';

const BUDGET = 'api_gateway:slo_error_budget:ratio';
const ERRORS = 'api_gateway:http_request_errors:rate5m';
const REQUESTS = 'api_gateway:http_requests:rate5m';
const ALERTS = ['GatewayErrorBudgetBurn'];
/** Excludes AI routes and probes from the SLO, as the rules do. */
const COUNTED = 'path!~"/api(/v1)?/ai([:/].*)?|/(livez|startupz|readyz?|healthz?|metrics)"';

/** Returns the query of the burn rate in a window: 1 uses up the error budget in exactly 30 days. */
function burn(window: string): Query {
  return [window, `api_gateway:http_request_errors:ratio_rate${window} / ${BUDGET}`];
}

const OBJECTIVE: Row = {
  title: 'SLO: 99.9 % of requests within 30 days get no 5xx',
  panels: [
    {
      title: 'Error budget left',
      description: 'Unused share of the error budget of the last 30 days. Below 0, the SLO is missed.',
      unit: 'percentunit',
      kind: 'stat',
      width: 6,
      queries: [['left', `1 - avg_over_time(${ERRORS}[30d]) / (avg_over_time(${REQUESTS}[30d]) > 0) / ${BUDGET}`]],
      alerts: ALERTS,
    },
    {
      title: 'Availability over 30 days',
      description: 'Share of requests that got no 5xx.',
      unit: 'percentunit',
      kind: 'stat',
      decimals: 3,
      width: 6,
      queries: [['available', `1 - avg_over_time(${ERRORS}[30d]) / (avg_over_time(${REQUESTS}[30d]) > 0)`]],
    },
    {
      title: 'Burn rate of the last hour',
      description: 'A burn rate of 1 uses up the error budget in exactly 30 days, 14.4 in two days.',
      unit: 'none',
      kind: 'stat',
      limit: 14.4,
      width: 6,
      queries: [burn('1h')],
      alerts: ALERTS,
    },
    {
      title: 'Firing alerts',
      description: 'Alerts of the gateway, without the Watchdog.',
      unit: 'none',
      kind: 'stat',
      limit: 1,
      width: 6,
      queries: [
        ['firing', 'count(ALERTS{service="api-gateway",alertstate="firing",alertname!="Watchdog"}) or vector(0)'],
      ],
      pages: ['runbook-api-gateway.md'],
    },
  ],
};

const BURN: Row = {
  title: 'Burn rates that trigger alerts',
  panels: [
    {
      title: 'Fast: 1 hour and 5 minutes',
      description: 'Pages while both are above 14.4: 2 % of the budget used in an hour.',
      unit: 'none',
      limit: 14.4,
      width: 12,
      queries: [burn('1h'), burn('5m')],
      alerts: ALERTS,
    },
    {
      title: '6 hours and 30 minutes',
      description: 'Pages while both are above 6: 5 % of the budget used in 6 hours.',
      unit: 'none',
      limit: 6,
      width: 12,
      queries: [burn('6h'), burn('30m')],
      alerts: ALERTS,
    },
    {
      title: '1 day and 2 hours',
      description: 'Opens a ticket while both are above 3: 10 % of the budget used in a day.',
      unit: 'none',
      limit: 3,
      width: 12,
      queries: [burn('1d'), burn('2h')],
      alerts: ALERTS,
    },
    {
      title: 'Slow: 3 days and 6 hours',
      description: 'Opens a ticket while both are above 1: 10 % of the budget used in 3 days.',
      unit: 'none',
      limit: 1,
      width: 12,
      queries: [burn('3d'), burn('6h')],
      alerts: ALERTS,
    },
  ],
};

const CAUSES: Row = {
  title: 'What uses up the error budget',
  panels: [
    {
      title: 'Routes with the most failures',
      description: 'The ten routes with the most 5xx in the last hour. AI routes do not count for the SLO.',
      unit: 'short',
      kind: 'table',
      queries: [
        [
          '',
          `topk(10, sum by (method, path, status) (increase(http_requests_total{job="$job",status=~"5..",${COUNTED}}[1h])))`,
        ],
      ],
      alerts: ['HighHttp5xxErrorRate'],
    },
    {
      title: 'Requests',
      description: 'Requests per second that count for the SLO.',
      unit: 'reqps',
      queries: [['requests', REQUESTS]],
    },
    {
      title: 'Latency compared to the day before',
      description: 'p95 and p99, and twice the average p95 of the day before: above that, a ticket is opened.',
      unit: 's',
      queries: [
        ['p95', 'api_gateway:http_request_latency_seconds:p95_rate5m'],
        ['p99', 'http_request_latency_seconds_p99'],
        [
          'twice the average p95',
          '2 * avg_over_time(api_gateway:http_request_latency_seconds:p95_rate5m[1d] offset 1h)',
        ],
      ],
      alerts: ['GatewayLatencyAboveBaseline', 'HighApiLatency'],
    },
  ],
};

/** The SLO of the service and the burn rates of its error budget, from the series that the rules record. */
export const SLO_DASHBOARD: Dashboard = {
  uid: SLO_UID,
  title: 'API gateway: objectives',
  description:
    'Error budget and burn rates of the API gateway. It needs the recording rules of runbooks/alerts/rules.yml.',
  variables: [{ name: 'job', label: 'Job', query: 'gateway_build_info, job', fixed: 'api-gateway' }],
  rows: [OBJECTIVE, BURN, CAUSES],
  others: [['Service', SERVICE_UID]],
};
