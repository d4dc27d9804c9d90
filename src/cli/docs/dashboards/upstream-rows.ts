import type { Row } from './dashboard.js';
import { increase, maxBy, quantile, rate, series, sumBy, UPSTREAM } from './queries.js';
const AI_ROUTE = 'path=~"/api(/v1)?/ai([:/].*)?"';

/** Latency, traffic, errors and saturation of the backends. */
export const BY_UPSTREAM: Row = {
  title: 'Golden signals by upstream',
  panels: [
    {
      title: 'Call attempts by upstream',
      description: 'Attempts per second, including retries.',
      unit: 'reqps',
      queries: [['{{upstream}}', sumBy('upstream', rate('upstream_grpc_requests_total', UPSTREAM))]],
    },
    {
      title: 'Latency by method, p99',
      description: 'Duration of one attempt.',
      unit: 's',
      queries: [
        [
          '{{upstream}} {{method}}',
          quantile(0.99, 'upstream_grpc_request_duration_seconds', 'upstream, method', UPSTREAM),
        ],
      ],
      alerts: ['HighApiLatency'],
    },
    {
      title: 'Errors by upstream and code',
      description:
        'Attempts per second that ended with a code other than OK. NOT_FOUND and similar codes are normal responses, not faults.',
      unit: 'reqps',
      queries: [['{{upstream}} {{code}}', sumBy('upstream, code', rate('upstream_grpc_errors_total', UPSTREAM))]],
      alerts: ['AuthServiceUnreachable', 'HighAiServiceErrorRate'],
    },
    {
      title: 'Use of the concurrency limit',
      description: 'Calls in flight divided by the concurrency limit, on the busiest pod. At 1, calls queue.',
      unit: 'percentunit',
      limit: 1,
      queries: [
        [
          '{{upstream}}',
          maxBy(
            'upstream',
            `${series('gateway_upstream_in_flight_requests', UPSTREAM)} / ${series('gateway_upstream_capacity', UPSTREAM)}`,
          ),
        ],
      ],
      alerts: ['GatewayLoadShedding'],
    },
    {
      title: 'Queued calls',
      description: 'Calls that wait for a permit of the concurrency limit, on all pods.',
      unit: 'short',
      queries: [['{{upstream}}', sumBy('upstream', series('gateway_queue_depth', UPSTREAM))]],
      alerts: ['GatewayLoadShedding'],
    },
    {
      title: 'Retries',
      description: 'Attempts per second after the first attempt of a call. A retry budget limits them.',
      unit: 'reqps',
      queries: [['{{upstream}}', sumBy('upstream', rate('upstream_grpc_retries_total', UPSTREAM))]],
    },
  ],
};

/** Reachability of the backends, and what the gateway does when they cannot be reached. */
export const CIRCUITS: Row = {
  title: 'Circuit breakers and connections',
  panels: [
    {
      title: 'State of the circuit breakers',
      description: 'Worst state of a circuit breaker per upstream on any pod: 0 closed, 1 half-open, 2 open.',
      unit: 'none',
      limit: 2,
      queries: [
        [
          '{{upstream}}',
          maxBy(
            'upstream',
            `2 * ${series('gateway_circuit_state', UPSTREAM, 'state="open"')} or ${series('gateway_circuit_state', UPSTREAM, 'state="half_open"')}`,
          ),
        ],
      ],
      alerts: ['GatewayCircuitOpen', 'GatewayCircuitStuckOpen'],
    },
    {
      title: 'State changes of the circuit breakers',
      description: 'If a circuit breaker opens and closes repeatedly, the backend is unstable.',
      unit: 'short',
      queries: [
        ['{{upstream}} to {{to}}', sumBy('upstream, to', increase('gateway_circuit_transitions_total', UPSTREAM))],
      ],
      alerts: ['GatewayCircuitOpen'],
    },
    {
      title: 'Calls refused before they were sent',
      description:
        'Calls per second refused because the circuit breaker was open, the queue was full, a more important call displaced them, or they queued for too long.',
      unit: 'reqps',
      queries: [
        ['{{upstream}} {{reason}}', sumBy('upstream, reason', rate('gateway_circuit_rejections_total', UPSTREAM))],
      ],
      alerts: ['GatewayCircuitOpen', 'GatewayLoadShedding'],
    },
    {
      title: 'Health checks',
      description: 'Share of pods whose last health check of the upstream passed. Needs no traffic.',
      unit: 'percentunit',
      queries: [['{{upstream}}', `avg by (upstream) (${series('gateway_upstream_up', UPSTREAM)})`]],
      alerts: ['AuthServiceUnreachable'],
    },
    {
      title: 'Connections',
      description: 'Connections to upstreams by state: ready, connecting, or temporarily ejected because of failures.',
      unit: 'short',
      queries: [['{{upstream}} {{state}}', sumBy('upstream, state', series('upstream_grpc_endpoints', UPSTREAM))]],
      alerts: ['GatewayUpstreamConnectionFailures'],
    },
    {
      title: 'Calls without a connection',
      description: 'Attempts per second that got no connection, by reason.',
      unit: 'reqps',
      queries: [
        [
          '{{upstream}} {{reason}}',
          sumBy('upstream, reason', rate('upstream_grpc_connection_failures_total', UPSTREAM)),
        ],
      ],
      alerts: ['GatewayUpstreamConnectionFailures'],
    },
    {
      title: 'Ejections and rejected pings',
      description:
        'Addresses ejected because of failures (outlier detection), and connections that a backend closed because of too many keepalive pings.',
      unit: 'short',
      queries: [
        ['{{upstream}} ejections', sumBy('upstream', increase('upstream_grpc_ejections_total', UPSTREAM))],
        ['{{upstream}} pings', sumBy('upstream', increase('upstream_grpc_too_many_pings_total', UPSTREAM))],
      ],
    },
    {
      title: 'Fallback responses',
      description: 'Responses per second from the fallback in the policy of a route, instead of the upstream.',
      unit: 'reqps',
      queries: [['{{upstream}} {{kind}}', sumBy('upstream, kind', rate('gateway_fallback_answers_total', UPSTREAM))]],
    },
    {
      title: 'Contract drift',
      description:
        'Number of differences between the mounted contract and that of the backend. A backend without reflection has no series.',
      unit: 'short',
      limit: 1,
      queries: [['{{upstream}}', maxBy('upstream', series('gateway_contract_drift', UPSTREAM))]],
      alerts: ['GatewayContractDrift'],
    },
  ],
};

/** AI calls, streams and the guardrail. */
export const STREAMS: Row = {
  title: 'AI and streams',
  panels: [
    {
      title: 'Open AI streams',
      description: 'Includes streams that wait for their first message.',
      unit: 'short',
      queries: [['streams', sumBy('', series('gateway_ai_streams_active'))]],
      pages: ['runbook-ai-service.md'],
    },
    {
      title: 'Time to the first message of AI streams',
      description: 'Excludes streams that failed before their first message.',
      unit: 's',
      queries: [0.5, 0.95].map((share) => [
        `p${share * 100}`,
        quantile(share, 'gateway_ai_time_to_first_byte_seconds', ''),
      ]),
      pages: ['runbook-ai-service.md'],
    },
    {
      title: 'Finished streams by outcome',
      description: 'Server streams that ended, per second.',
      unit: 'ops',
      queries: [['{{outcome}}', sumBy('outcome', rate('gateway_streams_total'))]],
    },
    {
      title: 'Failed AI requests',
      description: 'Share of 5xx among all responses of AI routes.',
      unit: 'percentunit',
      limit: 0.05,
      queries: [
        [
          'failed',
          `(${sumBy('', rate('http_requests_total', AI_ROUTE, 'status=~"5.."'))} or vector(0)) / (${sumBy('', rate('http_requests_total', AI_ROUTE))} > 0)`,
        ],
      ],
      alerts: ['HighAiServiceErrorRate'],
    },
    {
      title: 'Guardrail checks',
      description: 'Checks per second by phase and outcome.',
      unit: 'ops',
      queries: [['{{phase}} {{outcome}}', sumBy('phase, outcome', rate('gateway_guardrail_checks_total'))]],
      alerts: ['GatewayGuardrailFailing'],
    },
    {
      title: 'Duration of guardrail checks, p95',
      description: 'This time is added to the latency of AI calls. Empty without a guardrail.',
      unit: 's',
      queries: [['{{phase}}', quantile(0.95, 'gateway_guardrail_check_duration_seconds', 'phase')]],
      alerts: ['GatewayGuardrailFailing'],
    },
  ],
};
