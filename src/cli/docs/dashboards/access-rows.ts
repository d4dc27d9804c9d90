import type { Row } from './dashboard.js';
import { increase, maxBy, quantile, rate, series, sumBy } from './queries.js';

/** Authentication, the auth cache, signing keys, revocations and sign-ins. */
export const ACCESS: Row = {
  title: 'Authentication and the auth cache',
  panels: [
    {
      title: 'Access decisions',
      description: 'Requests per second that were allowed or denied, by reason.',
      unit: 'reqps',
      queries: [
        [
          '{{outcome}} {{decision_reason}}',
          `${sumBy('outcome, decision_reason', rate('gateway_auth_decisions_total'))} > 0`,
        ],
      ],
    },
    {
      title: 'Hit ratio of the auth cache',
      description: 'Share of lookups that each tier could answer. AuthService validates the rest.',
      unit: 'percentunit',
      queries: [
        [
          '{{tier}}',
          `${sumBy('tier', rate('gateway_auth_cache_hits_total'))} / (${sumBy('tier', rate('gateway_auth_cache_hits_total'))} + ${sumBy('tier', rate('gateway_auth_cache_misses_total'))} > 0)`,
        ],
      ],
      alerts: ['GatewayAuthLatencyHigh'],
    },
    {
      title: 'AuthService outages',
      description:
        'Requests admitted with a cached result during the grace period, credentials evicted after it, and failed validations.',
      unit: 'ops',
      queries: [
        ['served stale', sumBy('', rate('gateway_auth_cache_stale_served_total'))],
        ['evicted: {{reason}}', sumBy('reason', rate('gateway_auth_cache_hard_evictions_total'))],
        ['failed: {{error_class}}', sumBy('error_class', rate('gateway_auth_cache_refresh_failures_total'))],
      ],
      alerts: ['AuthServiceUnreachable', 'GatewayAuthCacheHardEvict'],
    },
    {
      title: 'Cached credentials',
      description: 'On all pods. A credential that several pods have cached counts several times.',
      unit: 'short',
      queries: [['{{tier}}', sumBy('tier', series('gateway_auth_cache_size'))]],
    },
    {
      title: 'Memory of the auth cache',
      description: 'On the fullest pod, and the median size of one credential.',
      unit: 'bytes',
      queries: [
        ['fullest pod', maxBy('', series('gateway_auth_cache_bytes'))],
        ['one credential', quantile(0.5, 'gateway_auth_cache_entry_bytes', '')],
      ],
      alerts: ['GatewayHighMemory'],
    },
    {
      title: 'Evictions, waiting requests, unshared rejections',
      description:
        'Evictions mean that the cache is too small. Unshared rejections are not recorded in Redis yet, so other pods do not know them.',
      unit: 'short',
      queries: [
        ['evicted: {{reason}}', sumBy('reason', increase('gateway_auth_cache_evictions_total'))],
        ['waiting', sumBy('', series('gateway_auth_cache_singleflight_waiters'))],
        ['unshared rejections', sumBy('', series('gateway_auth_cache_untold_rejections'))],
        ['mass rejections', sumBy('', increase('gateway_auth_mass_rejections_total'))],
      ],
    },
    {
      title: 'Age of signing keys',
      description: 'Time since the last successful fetch, on the pod where it was longest ago.',
      unit: 's',
      limit: 3600,
      queries: [['{{issuer}}', `time() - min by (issuer) (${series('gateway_jwks_last_success_timestamp_seconds')})`]],
      alerts: ['GatewayJwksStale'],
    },
    {
      title: 'Clock skew',
      description: 'Largest difference between the clock of a pod and that of the source, in either direction.',
      unit: 's',
      limit: 5,
      queries: [['{{source}}', maxBy('source', `abs(${series('gateway_clock_skew_seconds')})`)]],
      alerts: ['GatewayClockSkew'],
    },
    {
      title: 'Failed fetches of signing keys',
      description: 'By issuer and reason.',
      unit: 'short',
      queries: [['{{issuer}} {{reason}}', sumBy('issuer, reason', increase('gateway_jwks_refresh_failures_total'))]],
      alerts: ['GatewayJwksStale'],
    },
    {
      title: 'Revocations',
      description: 'Revocations published by the pods, lookups in Redis, and failures of the revocation feed.',
      unit: 'short',
      queries: [
        ['published: {{outcome}}', sumBy('outcome', increase('gateway_revocations_published_total'))],
        ['looked up: {{outcome}}', sumBy('outcome', increase('gateway_revocation_lookups_total'))],
        ['feed gaps', sumBy('', increase('gateway_revocation_feed_gaps_total'))],
        ['lost by Redis', sumBy('', increase('gateway_revocation_store_truncated_total'))],
        ['unreadable', sumBy('', increase('gateway_revocation_unreadable_total'))],
      ],
      pages: ['redis.md'],
    },
    {
      title: 'Revoked tokens in memory',
      description: 'Revoked tokens, and accounts and tenants with a minimum token version, on the fullest pod.',
      unit: 'short',
      queries: [['{{kind}}', maxBy('kind', series('gateway_revocation_entries'))]],
    },
    {
      title: 'Time until a revocation takes effect, p99',
      description: 'From its arrival in Redis to its effect on a pod.',
      unit: 's',
      queries: [['p99', quantile(0.99, 'gateway_revocation_propagation_seconds', '')]],
      pages: ['redis.md'],
    },
    {
      title: 'Time until certificates expire',
      description:
        'Certificates in the TLS files of the gateway: listener, upstreams (client certificate, CA) and trace collector. Empty without TLS files.',
      unit: 's',
      queries: [
        [
          '{{used_for}} {{kind}}',
          `min by (used_for, kind) (${series('gateway_tls_certificate_expiry_timestamp_seconds')} - time())`,
        ],
      ],
      alerts: ['GatewayCertificateExpiring'],
    },
    {
      title: 'Browser sign-ins',
      description: 'By provider and outcome. Empty without identity providers.',
      unit: 'short',
      queries: [['{{provider}} {{outcome}}', sumBy('provider, outcome', increase('gateway_sso_logins_total'))]],
      alerts: ['GatewaySsoLoginFailures'],
      pages: ['sign-in.md'],
    },
  ],
};
