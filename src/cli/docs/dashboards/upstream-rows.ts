import type { Row } from './dashboard.js';
import { increase, maxBy, quantile, rate, series, sumBy, UPSTREAM } from './queries.js';
const AI_ROUTE = 'path=~"/api(/v1)?/ai([:/].*)?"';

/** Latency, traffic, errors and saturation of the backends. */
export const BY_UPSTREAM: Row = {
  title: 'Golden signals by upstream',
  panels: [
    {
      title: 'Attempts at calls by upstream',
      description: 'Attempts a second; retries count.',
      unit: 'reqps',
      queries: [['{{upstream}}', sumBy('upstream', rate('upstream_grpc_requests_total', UPSTREAM))]],
    },
    {
      title: 'Latency by method, p99',
      description: 'Time of one attempt.',
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
      description: 'Attempts that ended with a code other than OK. NOT_FOUND and the like are answers, not faults.',
      unit: 'reqps',
      queries: [['{{upstream}} {{code}}', sumBy('upstream, code', rate('upstream_grpc_errors_total', UPSTREAM))]],
      alerts: ['AuthServiceUnreachable', 'HighAiServiceErrorRate'],
    },
    {
      title: 'Calls under way, of those that may be',
      description: 'On the fullest pod. At 1 calls queue.',
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
      title: 'Calls that queue',
      description: 'Calls that wait for a place, of all pods.',
      unit: 'short',
      queries: [['{{upstream}}', sumBy('upstream', series('gateway_queue_depth', UPSTREAM))]],
      alerts: ['GatewayLoadShedding'],
    },
    {
      title: 'Retries',
      description: 'Attempts beyond the first of a call. A budget limits them.',
      unit: 'reqps',
      queries: [['{{upstream}}', sumBy('upstream', rate('upstream_grpc_retries_total', UPSTREAM))]],
    },
  ],
};

/** Whether backends can be reached, and what the gateway does when they cannot. */
export const CIRCUITS: Row = {
  title: 'Circuits and connections',
  panels: [
    {
      title: 'State of the circuits',
      description: 'Worst circuit of each upstream on any pod: 0 closed, 1 half-open, 2 open.',
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
      title: 'Changes of the circuits',
      description: 'A circuit that opens and closes again and again guards against an unstable backend.',
      unit: 'short',
      queries: [
        ['{{upstream}} to {{to}}', sumBy('upstream, to', increase('gateway_circuit_transitions_total', UPSTREAM))],
      ],
      alerts: ['GatewayCircuitOpen'],
    },
    {
      title: 'Calls refused before they were sent',
      description: 'Because the circuit is open, or the queue is full, has displaced them or took too long.',
      unit: 'reqps',
      queries: [
        ['{{upstream}} {{reason}}', sumBy('upstream, reason', rate('gateway_circuit_rejections_total', UPSTREAM))],
      ],
      alerts: ['GatewayCircuitOpen', 'GatewayLoadShedding'],
    },
    {
      title: 'Health checks',
      description: 'Pods whose last check of the upstream passed, among all. Needs no traffic.',
      unit: 'percentunit',
      queries: [['{{upstream}}', `avg by (upstream) (${series('gateway_upstream_up', UPSTREAM)})`]],
      alerts: ['AuthServiceUnreachable'],
    },
    {
      title: 'Connections',
      description: 'Connections to upstreams by state: ready, connecting, or ejected for a while because of faults.',
      unit: 'short',
      queries: [['{{upstream}} {{state}}', sumBy('upstream, state', series('upstream_grpc_endpoints', UPSTREAM))]],
      alerts: ['GatewayUpstreamConnectionFailures'],
    },
    {
      title: 'Calls without a connection',
      description: 'Attempts that found no connection, by what kept it from being made.',
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
      title: 'Ejections and refused pings',
      description:
        'Addresses kept from calls because of their faults, and connections that a backend ended because of keepalive pings.',
      unit: 'short',
      queries: [
        ['{{upstream}} ejections', sumBy('upstream', increase('upstream_grpc_ejections_total', UPSTREAM))],
        ['{{upstream}} pings', sumBy('upstream', increase('upstream_grpc_too_many_pings_total', UPSTREAM))],
      ],
    },
    {
      title: 'Answers in place of an upstream',
      description: 'By the fallback of the policy of a route.',
      unit: 'reqps',
      queries: [['{{upstream}} {{kind}}', sumBy('upstream, kind', rate('gateway_fallback_answers_total', UPSTREAM))]],
    },
    {
      title: 'Differences between contracts',
      description:
        'Places where the mounted contract and that of the backend differ. Without a curve where a backend has no reflection.',
      unit: 'short',
      limit: 1,
      queries: [['{{upstream}}', maxBy('upstream', series('gateway_contract_drift', UPSTREAM))]],
      alerts: ['GatewayContractDrift'],
    },
  ],
};

/** Calls that last. */
export const STREAMS: Row = {
  title: 'AI and streams',
  panels: [
    {
      title: 'AI streams under way',
      description: 'Those that wait for their first message included.',
      unit: 'short',
      queries: [['streams', sumBy('', series('gateway_ai_streams_active'))]],
      pages: ['runbook-ai-service.md'],
    },
    {
      title: 'Time to the first message of AI streams',
      description: 'Streams that failed before it are left out.',
      unit: 's',
      queries: [0.5, 0.95].map((share) => [
        `p${share * 100}`,
        quantile(share, 'gateway_ai_time_to_first_byte_seconds', ''),
      ]),
      pages: ['runbook-ai-service.md'],
    },
    {
      title: 'Streams by how they ended',
      description: 'Server streams that are over, a second.',
      unit: 'ops',
      queries: [['{{outcome}}', sumBy('outcome', rate('gateway_streams_total'))]],
    },
    {
      title: 'AI requests that fail',
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
      title: 'Checks by the guardrail',
      description: 'By phase and outcome.',
      unit: 'ops',
      queries: [['{{phase}} {{outcome}}', sumBy('phase, outcome', rate('gateway_guardrail_checks_total'))]],
      alerts: ['GatewayGuardrailFailing'],
    },
    {
      title: 'Time of checks by the guardrail, p95',
      description: 'Added to the latency of AI calls. Without a curve where no guardrail is set.',
      unit: 's',
      queries: [['{{phase}}', quantile(0.95, 'gateway_guardrail_check_duration_seconds', 'phase')]],
      alerts: ['GatewayGuardrailFailing'],
    },
  ],
};
