import type { Row } from './dashboard.js';
import { increase, maxBy, quantile, rate, series, sumBy } from './queries.js';

/** Who is let in, and what is remembered of it. */
export const ACCESS: Row = {
  title: 'Authentication and the auth cache',
  panels: [
    {
      title: 'Decisions',
      description: 'Requests let in and turned down, by reason.',
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
      description: 'Credentials that each tier could answer for. AuthService is asked about the rest.',
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
      title: 'While AuthService is away',
      description: 'Requests let in on an outdated verdict, credentials given up, and questions that failed.',
      unit: 'ops',
      queries: [
        ['stale verdicts', sumBy('', rate('gateway_auth_cache_stale_served_total'))],
        ['given up: {{reason}}', sumBy('reason', rate('gateway_auth_cache_hard_evictions_total'))],
        ['not asked: {{error_class}}', sumBy('error_class', rate('gateway_auth_cache_refresh_failures_total'))],
      ],
      alerts: ['AuthServiceUnreachable', 'GatewayAuthCacheHardEvict'],
    },
    {
      title: 'Credentials in the cache',
      description: 'Of all pods. A credential that several pods know is counted for each.',
      unit: 'short',
      queries: [['{{tier}}', sumBy('tier', series('gateway_auth_cache_size'))]],
    },
    {
      title: 'Memory of the auth cache',
      description: 'On the fullest pod, and the median of one credential.',
      unit: 'bytes',
      queries: [
        ['fullest pod', maxBy('', series('gateway_auth_cache_bytes'))],
        ['one credential', quantile(0.5, 'gateway_auth_cache_entry_bytes', '')],
      ],
      alerts: ['GatewayHighMemory'],
    },
    {
      title: 'Evictions, waiters, rejections not told',
      description:
        'Evictions mean that the cache is too small. Rejections not told to Redis yet are not known to other pods.',
      unit: 'short',
      queries: [
        ['evicted: {{reason}}', sumBy('reason', increase('gateway_auth_cache_evictions_total'))],
        ['waiting', sumBy('', series('gateway_auth_cache_singleflight_waiters'))],
        ['not told', sumBy('', series('gateway_auth_cache_untold_rejections'))],
        ['mass rejections', sumBy('', increase('gateway_auth_mass_rejections_total'))],
      ],
    },
    {
      title: 'Age of signing keys',
      description: 'On the pod that fetched them longest ago.',
      unit: 's',
      limit: 3600,
      queries: [['{{issuer}}', `time() - min by (issuer) (${series('gateway_jwks_last_success_timestamp_seconds')})`]],
      alerts: ['GatewayJwksStale'],
    },
    {
      title: 'Clock skew',
      description: 'Of the pod whose clock is furthest from the source, in either direction.',
      unit: 's',
      limit: 5,
      queries: [['{{source}}', maxBy('source', `abs(${series('gateway_clock_skew_seconds')})`)]],
      alerts: ['GatewayClockSkew'],
    },
    {
      title: 'Fetches of signing keys that failed',
      description: 'By issuer and reason.',
      unit: 'short',
      queries: [['{{issuer}} {{reason}}', sumBy('issuer, reason', increase('gateway_jwks_refresh_failures_total'))]],
      alerts: ['GatewayJwksStale'],
    },
    {
      title: 'Revocations',
      description: 'Published here, looked up in Redis, and faults of the feed.',
      unit: 'short',
      queries: [
        ['published: {{outcome}}', sumBy('outcome', increase('gateway_revocations_published_total'))],
        ['looked up: {{outcome}}', sumBy('outcome', increase('gateway_revocation_lookups_total'))],
        ['gaps', sumBy('', increase('gateway_revocation_feed_gaps_total'))],
        ['lost by Redis', sumBy('', increase('gateway_revocation_store_truncated_total'))],
        ['unreadable', sumBy('', increase('gateway_revocation_unreadable_total'))],
      ],
      pages: ['redis.md'],
    },
    {
      title: 'Revoked tokens in memory',
      description: 'On the fullest pod, and owners of least token versions.',
      unit: 'short',
      queries: [['{{kind}}', maxBy('kind', series('gateway_revocation_entries'))]],
    },
    {
      title: 'Time until a revocation takes effect, p99',
      description: 'From Redis’ taking it in to its effect on a pod.',
      unit: 's',
      queries: [['p99', quantile(0.99, 'gateway_revocation_propagation_seconds', '')]],
      pages: ['redis.md'],
    },
    {
      title: 'Certificates expire in',
      description:
        'TLS files towards upstreams (client certificate, authorities) and the collector. Empty without any.',
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
      title: 'Sign-ins of browsers',
      description: 'By provider and outcome. Empty without identity providers.',
      unit: 'short',
      queries: [['{{provider}} {{outcome}}', sumBy('provider, outcome', increase('gateway_sso_logins_total'))]],
      alerts: ['GatewaySsoLoginFailures'],
      pages: ['sign-in.md'],
    },
  ],
};
