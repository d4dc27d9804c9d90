import type { Row } from './dashboard.js';
import { increase, maxBy, quantile, rate, ROUTE, series, sumBy, UPSTREAM } from './queries.js';

const FAILED = 'status=~"5.."';

/** The state of now, in one line: where to look first. */
export const NOW: Row = {
  title: 'Now',
  panels: [
    {
      title: 'Pods that answer',
      description: 'Pods whose last scrape succeeded.',
      unit: 'none',
      kind: 'stat',
      queries: [['pods', `sum(${series('up')})`]],
      alerts: ['GatewayDown'],
    },
    {
      title: 'Requests',
      description: 'Requests a second, without probes.',
      unit: 'reqps',
      kind: 'stat',
      queries: [['requests', sumBy('', rate('http_requests_total', ROUTE))]],
    },
    {
      title: 'Failed',
      description: 'Share of responses that are 5xx.',
      unit: 'percentunit',
      kind: 'stat',
      limit: 0.05,
      queries: [['failed', errorRatio('')]],
      alerts: ['HighHttp5xxErrorRate', 'GatewayElevatedErrorRate'],
    },
    {
      title: 'Latency, p99',
      description: '99 % of requests take no longer than this.',
      unit: 's',
      kind: 'stat',
      limit: 1,
      queries: [['p99', quantile(0.99, 'gateway_http_request_duration_seconds', '', ROUTE)]],
      alerts: ['HighApiLatency'],
    },
    {
      title: 'Upstreams with an open circuit',
      description: 'Upstreams that at least one pod has stopped calling.',
      unit: 'none',
      kind: 'stat',
      limit: 1,
      queries: [['open', sumBy('', maxBy('upstream', series('gateway_circuit_state', 'state="open"')))]],
      alerts: ['GatewayCircuitOpen', 'GatewayCircuitStuckOpen'],
    },
    {
      title: 'Alerts that fire',
      description: 'Alerts of the gateway, without the Watchdog.',
      unit: 'none',
      kind: 'stat',
      limit: 1,
      queries: [
        ['firing', 'count(ALERTS{service="api-gateway",alertstate="firing",alertname!="Watchdog"}) or vector(0)'],
      ],
      pages: ['runbook-api-gateway.md'],
    },
  ],
};

/** Latency, traffic, errors and saturation of the gateway, by route. */
export const BY_ROUTE: Row = {
  title: 'Golden signals by route',
  panels: [
    {
      title: 'Requests by route',
      description: 'Requests a second of each route, without probes.',
      unit: 'reqps',
      queries: [['{{method}} {{path}}', sumBy('method, path', rate('http_requests_total', ROUTE))]],
    },
    {
      title: 'Latency by route, p99',
      description: 'From the first byte of a request to the last of its answer. A stream takes as long as it flows.',
      unit: 's',
      limit: 1,
      queries: [
        ['{{method}} {{path}}', quantile(0.99, 'gateway_http_request_duration_seconds', 'method, path', ROUTE)],
      ],
      alerts: ['HighApiLatency', 'GatewayLatencyAboveBaseline'],
    },
    {
      title: 'Share of failures by route',
      description: 'Responses that are 5xx among all of a route. Routes that never failed have no curve.',
      unit: 'percentunit',
      limit: 0.05,
      queries: [['{{method}} {{path}}', errorRatio('method, path')]],
      alerts: ['HighHttp5xxErrorRate', 'HighAiServiceErrorRate'],
    },
    {
      title: 'Responses by status',
      description: 'Responses a second by status code, without probes.',
      unit: 'reqps',
      queries: [['{{status}}', sumBy('status', rate('http_requests_total', ROUTE))]],
    },
    {
      title: 'Failures by whose fault they are',
      description: 'The failure_domain of the problem: client, auth, upstream, overload or gateway.',
      unit: 'reqps',
      queries: [['{{failure_domain}}', sumBy('failure_domain', rate('gateway_request_failures_total'))]],
      pages: ['troubleshooting.md'],
    },
    {
      title: 'Requests refused for what the client sent',
      description: 'By error code; without 401, 403 and 429.',
      unit: 'reqps',
      queries: [['{{reason}}', sumBy('reason', rate('gateway_client_rejects_total'))]],
    },
    {
      title: 'Requests in flight',
      description: 'Requests begun and not yet answered, of all pods and of the fullest one.',
      unit: 'short',
      queries: [
        ['all pods', sumBy('', series('gateway_in_flight_requests'))],
        ['fullest pod', maxBy('', series('gateway_in_flight_requests'))],
      ],
      alerts: ['GatewayLoadShedding'],
    },
    {
      title: 'Requests in flight by stage',
      description: 'What they are doing. Many in `upstream` wait for a backend, many in `stream` are open streams.',
      unit: 'short',
      queries: [['{{stage}}', sumBy('stage', series('gateway_in_flight_stage_requests'))]],
    },
    {
      title: 'Durations',
      description: 'How many requests took how long: two bands are two kinds of requests.',
      unit: 'short',
      kind: 'heatmap',
      queries: [['{{le}}', sumBy('le', increase('gateway_http_request_duration_seconds_bucket', ROUTE))]],
    },
  ],
};

/** Whether latency is the gateway's or that of a backend, side by side. */
export const GATEWAY_OR_UPSTREAM: Row = {
  title: 'Latency: the gateway or an upstream?',
  panels: [
    {
      title: 'The gateway: whole requests',
      description:
        'If this is high and the panel beside it is too, the backend is the bottleneck. If only this is, the gateway is: see overhead and event loop.',
      unit: 's',
      width: 12,
      queries: [0.5, 0.95, 0.99].map((share) => [
        `p${share * 100}`,
        quantile(share, 'gateway_http_request_duration_seconds', '', ROUTE),
      ]),
      alerts: ['HighApiLatency'],
    },
    {
      title: 'Upstreams: attempts at gRPC calls, p95',
      description: 'Time of one attempt, from the gateway’s side of the network.',
      unit: 's',
      width: 12,
      queries: [['{{upstream}}', quantile(0.95, 'upstream_grpc_request_duration_seconds', 'upstream', UPSTREAM)]],
      alerts: ['HighApiLatency'],
      pages: ['runbook-auth-service.md', 'runbook-ai-service.md'],
    },
    {
      title: 'Overhead of the gateway',
      description: 'What the gateway itself adds to a unary call: without the wait for the body and for the upstream.',
      unit: 's',
      queries: [0.5, 0.99].map((share) => [`p${share * 100}`, quantile(share, 'gateway_overhead_seconds', '')]),
      alerts: ['GatewayEventLoopBlocked'],
    },
    {
      title: 'Time to authenticate and authorize',
      description: 'Part of the overhead; a call to AuthService is within it when the cache did not know a credential.',
      unit: 's',
      limit: 0.05,
      queries: [0.5, 0.99].map((share) => [`p${share * 100}`, quantile(share, 'gateway_auth_duration_seconds', '')]),
      alerts: ['GatewayAuthLatencyHigh'],
    },
    {
      title: 'Wait for a place at an upstream, p99',
      description: 'Of calls that had to queue because the upstream had as many as it may have.',
      unit: 's',
      queries: [['{{upstream}}', quantile(0.99, 'gateway_queue_wait_seconds', 'upstream', UPSTREAM)]],
      alerts: ['GatewayLoadShedding'],
    },
  ],
};

function errorRatio(labels: string): string {
  const failed = sumBy(labels, rate('http_requests_total', ROUTE, FAILED));
  const all = sumBy(labels, rate('http_requests_total', ROUTE));
  return labels === '' ? `(${failed} or vector(0)) / (${all} > 0)` : `${failed} / (${all} > 0)`;
}
