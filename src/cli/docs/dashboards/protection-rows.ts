import type { Row } from './dashboard.js';
import { increase, maxBy, rate, series, sumBy } from './queries.js';

/** What the gateway refuses to protect itself and its backends. */
export const LIMITS: Row = {
  title: 'Limits and overload',
  panels: [
    {
      title: 'Requests denied by rate limits',
      description: 'Share of decisions of a scope; a request is counted in each scope that took part.',
      unit: 'percentunit',
      limit: 0.2,
      queries: [
        [
          '{{scope}}',
          `${sumBy('scope', rate('rate_limit_requests_total', 'outcome="denied"'))} / (${sumBy('scope', rate('rate_limit_requests_total'))} > 0)`,
        ],
      ],
      alerts: ['GatewayRateLimitDenialSpike'],
    },
    {
      title: 'Decisions of rate limits',
      description: 'fail_open: the shared store did not answer, and the pod admitted by its own count.',
      unit: 'ops',
      queries: [['{{scope}} {{outcome}}', sumBy('scope, outcome', rate('rate_limit_requests_total'))]],
      alerts: ['GatewayRateLimitDenialSpike'],
      pages: ['redis.md'],
    },
    {
      title: 'Tenants that are denied most',
      description: 'The ten with the most denied requests a second.',
      unit: 'reqps',
      queries: [['{{tenant}}', `topk(10, ${sumBy('tenant', rate('rate_limit_denied_by_tenant_total'))})`]],
      alerts: ['GatewayRateLimitDenialSpike'],
    },
    {
      title: 'Buckets in memory, of those that may be',
      description: 'On the fullest pod. Buckets dropped to make room begin anew with a full one.',
      unit: 'percentunit',
      limit: 0.9,
      queries: [
        ['{{scope}}', maxBy('scope', `${series('rate_limit_active_limiters')} / ${series('rate_limit_max_limiters')}`)],
      ],
      alerts: ['GatewayRateLimiterGrowth'],
    },
    {
      title: 'Buckets dropped, counts without Redis',
      description: 'Buckets dropped for want of room, and counts of all pods that could not be had in time.',
      unit: 'short',
      queries: [
        ['dropped {{scope}}', sumBy('scope', increase('rate_limit_evicted_limiters_total'))],
        ['without {{store}}', sumBy('store', increase('rate_limit_store_errors_total'))],
      ],
      alerts: ['GatewayRateLimiterGrowth'],
      pages: ['redis.md'],
    },
    {
      title: 'Requests shed',
      description: 'Refused because the gateway has too much to do, the least important first.',
      unit: 'reqps',
      queries: [['{{priority}} {{reason}}', sumBy('priority, reason', rate('gateway_requests_shed_total'))]],
      alerts: ['GatewayLoadShedding'],
    },
    {
      title: 'Connections of clients refused, clients that stall',
      description: 'Connections closed on arrival, and those whose client read nothing of a response for too long.',
      unit: 'short',
      queries: [
        ['refused: {{reason}}', sumBy('reason', increase('gateway_client_connections_refused_total'))],
        ['stalled', sumBy('', increase('gateway_stalled_clients_total'))],
      ],
    },
    {
      title: 'Requests that wait for the call of another',
      description: 'Equal calls are made once; these wait for that answer.',
      unit: 'short',
      queries: [['{{flight}}', sumBy('flight', series('gateway_singleflight_waiters'))]],
    },
    {
      title: 'Degraded components',
      description: 'Components that are impaired on at least one pod. Empty is good.',
      unit: 'none',
      limit: 1,
      queries: [['{{component}}', maxBy('component', series('gateway_degraded'))]],
      alerts: ['GatewayDegraded'],
    },
  ],
};

/** Responses that are kept. */
export const CACHES: Row = {
  title: 'Response and other caches',
  panels: [
    {
      title: 'Calls of RPCs with a cache',
      description: 'stale: the upstream failed and the last response was sent. error: the store failed.',
      unit: 'reqps',
      queries: [['{{cache}} {{outcome}}', sumBy('cache, outcome', rate('gateway_cache_requests_total'))]],
    },
    {
      title: 'Memory of caches',
      description: 'On the fullest pod.',
      unit: 'bytes',
      queries: [['{{cache}}', maxBy('cache', series('gateway_cache_bytes'))]],
      alerts: ['GatewayHighMemory'],
    },
    {
      title: 'Entries dropped for want of room',
      description: 'Before their time, because the cache was full.',
      unit: 'short',
      queries: [['{{cache}}', sumBy('cache', increase('gateway_cache_evictions_total'))]],
    },
  ],
};

/** Usage events on their way to TenantService. */
export const OUTBOX: Row = {
  title: 'Usage outbox',
  panels: [
    {
      title: 'Events that wait, of those that may',
      description: 'In memory and on disk, on the fullest pod.',
      unit: 'percentunit',
      limit: 0.5,
      queries: [
        [
          'memory',
          maxBy(
            '',
            `${series('gateway_budget_debit_outbox_depth')} / ${series('gateway_budget_debit_outbox_capacity')}`,
          ),
        ],
        [
          'disk',
          maxBy(
            '',
            `${series('gateway_budget_debit_outbox_shelf_bytes')} / (${series('gateway_budget_debit_outbox_shelf_capacity_bytes')} > 0)`,
          ),
        ],
      ],
      alerts: ['GatewayBudgetDebitOutboxFilling'],
    },
    {
      title: 'Events that wait',
      description: 'In memory, of all pods; unsaved ones are not on disk either, and a crash loses them.',
      unit: 'short',
      queries: [
        ['waiting', sumBy('', series('gateway_budget_debit_outbox_depth'))],
        ['unsaved', sumBy('', series('gateway_budget_debit_outbox_unsaved'))],
      ],
      alerts: ['GatewayBudgetDebitJournalFailing'],
      pages: ['recipes/usage-outbox.md'],
    },
    {
      title: 'Failed batches and lost events',
      description: 'Batches are sent again. Events that TenantService refused or that found no room are lost.',
      unit: 'short',
      queries: [
        ['batches not taken', sumBy('', increase('gateway_budget_debit_outbox_flush_failures_total'))],
        ['refused', sumBy('', increase('gateway_budget_debit_outbox_4xx_drops_total'))],
        ['no room', sumBy('', increase('gateway_budget_debit_outbox_dropped_total'))],
        ['not written', sumBy('', increase('gateway_budget_debit_outbox_journal_write_failures_total'))],
      ],
      alerts: ['GatewayBudgetDebitFlushFailing', 'GatewayBudgetDebitRejected', 'GatewayBudgetDebitDropped'],
    },
  ],
};
