import type { Row } from './dashboard.js';
import { increase, maxBy, quantile, rate, ROUTE, series, sumBy, UPSTREAM } from './queries.js';

const FAILED = 'status=~"5.."';

/** The current state in one row: where to look first. */
export const NOW: Row = {
  title: 'Now',
  panels: [
    {
      title: 'Pods that respond',
      description: 'Pods whose last scrape succeeded.',
      unit: 'none',
      kind: 'stat',
      queries: [['pods', `sum(${series('up')})`]],
      alerts: ['GatewayDown'],
    },
    {
      title: 'Requests',
      description: 'Requests per second, without probes.',
      unit: 'reqps',
      kind: 'stat',
      queries: [['requests', sumBy('', rate('http_requests_total', ROUTE))]],
    },
    {
      title: 'Failed requests',
      description: 'Share of responses that are 5xx.',
      unit: 'percentunit',
      kind: 'stat',
      limit: 0.05,
      queries: [['failed', errorRatio('')]],
      alerts: ['HighHttp5xxErrorRate', 'GatewayElevatedErrorRate'],
    },
    {
      title: 'Latency, p99',
      description: '99 % of requests take at most this long.',
      unit: 's',
      kind: 'stat',
      limit: 1,
      queries: [['p99', quantile(0.99, 'gateway_http_request_duration_seconds', '', ROUTE)]],
      alerts: ['HighApiLatency'],
    },
    {
      title: 'Upstreams with an open circuit breaker',
      description: 'Upstreams that at least one pod does not call because a circuit breaker is open.',
      unit: 'none',
      kind: 'stat',
      limit: 1,
      queries: [['open', sumBy('', maxBy('upstream', series('gateway_circuit_state', 'state="open"')))]],
      alerts: ['GatewayCircuitOpen', 'GatewayCircuitStuckOpen'],
    },
    {
      title: 'Firing alerts',
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
      description: 'Requests per second and route, without probes.',
      unit: 'reqps',
      queries: [['{{method}} {{path}}', sumBy('method, path', rate('http_requests_total', ROUTE))]],
    },
    {
      title: 'Latency by route, p99',
      description:
        'From the first byte of a request to the last byte of its response. For a stream, this is its whole duration.',
      unit: 's',
      limit: 1,
      queries: [
        ['{{method}} {{path}}', quantile(0.99, 'gateway_http_request_duration_seconds', 'method, path', ROUTE)],
      ],
      alerts: ['HighApiLatency', 'GatewayLatencyAboveBaseline'],
    },
    {
      title: 'Share of failures by route',
      description: 'Share of 5xx among all responses of a route. Routes without failures have no series.',
      unit: 'percentunit',
      limit: 0.05,
      queries: [['{{method}} {{path}}', errorRatio('method, path')]],
      alerts: ['HighHttp5xxErrorRate', 'HighAiServiceErrorRate'],
    },
    {
      title: 'Responses by status',
      description: 'Responses per second by status code, without probes.',
      unit: 'reqps',
      queries: [['{{status}}', sumBy('status', rate('http_requests_total', ROUTE))]],
    },
    {
      title: 'Failures by failure domain',
      description: 'Where the fault is: client, auth, upstream, overload or gateway.',
      unit: 'reqps',
      queries: [['{{failure_domain}}', sumBy('failure_domain', rate('gateway_request_failures_total'))]],
      pages: ['troubleshooting.md'],
    },
    {
      title: 'Requests refused because of client errors',
      description: 'Requests per second by error code, without 401, 403 and 429.',
      unit: 'reqps',
      queries: [['{{reason}}', sumBy('reason', rate('gateway_client_rejects_total'))]],
    },
    {
      title: 'Requests in flight',
      description: 'Requests that have started and are not finished, on all pods and on the busiest pod.',
      unit: 'short',
      queries: [
        ['all pods', sumBy('', series('gateway_in_flight_requests'))],
        ['busiest pod', maxBy('', series('gateway_in_flight_requests'))],
      ],
      alerts: ['GatewayLoadShedding'],
    },
    {
      title: 'Requests in flight by stage',
      description:
        'What requests are doing. Requests in `upstream` wait for a backend, those in `stream` are open streams.',
      unit: 'short',
      queries: [['{{stage}}', sumBy('stage', series('gateway_in_flight_stage_requests'))]],
    },
    {
      title: 'Distribution of request durations',
      description: 'Number of requests by duration. Two bands mean two kinds of requests.',
      unit: 'short',
      kind: 'heatmap',
      queries: [['{{le}}', sumBy('le', increase('gateway_http_request_duration_seconds_bucket', ROUTE))]],
    },
  ],
};

/** Latency of the gateway and of its upstreams side by side. */
export const GATEWAY_OR_UPSTREAM: Row = {
  title: 'Latency: gateway or upstream?',
  panels: [
    {
      title: 'Gateway: duration of whole requests',
      description:
        'If this and the next panel are both high, a backend is the bottleneck. If only this is high, it is the gateway: see overhead and event loop.',
      unit: 's',
      width: 12,
      queries: [0.5, 0.95, 0.99].map((share) => [
        `p${share * 100}`,
        quantile(share, 'gateway_http_request_duration_seconds', '', ROUTE),
      ]),
      alerts: ['HighApiLatency'],
    },
    {
      title: 'Upstreams: duration of gRPC call attempts, p95',
      description: 'Duration of one attempt, measured in the gateway.',
      unit: 's',
      width: 12,
      queries: [['{{upstream}}', quantile(0.95, 'upstream_grpc_request_duration_seconds', 'upstream', UPSTREAM)]],
      alerts: ['HighApiLatency'],
      pages: ['runbook-auth-service.md', 'runbook-ai-service.md'],
    },
    {
      title: 'Overhead of the gateway',
      description:
        'Time that the gateway itself adds to a unary call, without waiting for the request body and the upstream.',
      unit: 's',
      queries: [0.5, 0.99].map((share) => [`p${share * 100}`, quantile(share, 'gateway_overhead_seconds', '')]),
      alerts: ['GatewayEventLoopBlocked'],
    },
    {
      title: 'Time to authenticate and authorize',
      description: 'Part of the overhead. Includes a call to AuthService if the credential was not cached.',
      unit: 's',
      limit: 0.05,
      queries: [0.5, 0.99].map((share) => [`p${share * 100}`, quantile(share, 'gateway_auth_duration_seconds', '')]),
      alerts: ['GatewayAuthLatencyHigh'],
    },
    {
      title: 'Wait for a permit of the concurrency limit, p99',
      description: 'Time in the queue of calls that waited because the concurrency limit of the upstream was reached.',
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
