import type { Row } from './dashboard.js';
import { increase, maxBy, rate, series, sumBy } from './queries.js';

/** Requests that the gateway refuses in order to protect itself and its backends. */
export const LIMITS: Row = {
  title: 'Limits and overload',
  panels: [
    {
      title: 'Requests denied by rate limits',
      description: 'Share of denied decisions per scope. A request counts in each scope that checked it.',
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
      title: 'Rate limit decisions',
      description: '`fail_open` means that Redis did not respond, and the pod decided by its own count.',
      unit: 'ops',
      queries: [['{{scope}} {{outcome}}', sumBy('scope, outcome', rate('rate_limit_requests_total'))]],
      alerts: ['GatewayRateLimitDenialSpike'],
      pages: ['redis.md'],
    },
    {
      title: 'Tenants with the most denied requests',
      description: 'The ten tenants with the most denied requests per second.',
      unit: 'reqps',
      queries: [['{{tenant}}', `topk(10, ${sumBy('tenant', rate('rate_limit_denied_by_tenant_total'))})`]],
      alerts: ['GatewayRateLimitDenialSpike'],
    },
    {
      title: 'Use of the bucket limit',
      description:
        'Buckets as a share of the maximum, on the fullest pod. When the maximum is reached, the owner of an evicted bucket starts again with a full one.',
      unit: 'percentunit',
      limit: 0.9,
      queries: [
        ['{{scope}}', maxBy('scope', `${series('rate_limit_active_limiters')} / ${series('rate_limit_max_limiters')}`)],
      ],
      alerts: ['GatewayRateLimiterGrowth'],
    },
    {
      title: 'Evicted buckets, counts without Redis',
      description:
        'Buckets evicted because the maximum was reached, and decisions for which the shared count was not available in time.',
      unit: 'short',
      queries: [
        ['evicted {{scope}}', sumBy('scope', increase('rate_limit_evicted_limiters_total'))],
        ['without {{store}}', sumBy('store', increase('rate_limit_store_errors_total'))],
      ],
      alerts: ['GatewayRateLimiterGrowth'],
      pages: ['redis.md'],
    },
    {
      title: 'Requests shed',
      description: 'Requests per second refused because of overload, the least important first.',
      unit: 'reqps',
      queries: [['{{priority}} {{reason}}', sumBy('priority, reason', rate('gateway_requests_shed_total'))]],
      alerts: ['GatewayLoadShedding'],
    },
    {
      title: 'Refused client connections, stalled clients',
      description:
        'Connections closed on arrival, and connections whose client did not read the response for too long.',
      unit: 'short',
      queries: [
        ['refused: {{reason}}', sumBy('reason', increase('gateway_client_connections_refused_total'))],
        ['stalled', sumBy('', increase('gateway_stalled_clients_total'))],
      ],
    },
    {
      title: 'Requests that wait for a shared call',
      description: 'Identical concurrent calls are made only once; these requests wait for the shared result.',
      unit: 'short',
      queries: [['{{flight}}', sumBy('flight', series('gateway_singleflight_waiters'))]],
    },
    {
      title: 'Degraded components',
      description: 'Components that are degraded on at least one pod. 0 is good.',
      unit: 'none',
      limit: 1,
      queries: [['{{component}}', maxBy('component', series('gateway_degraded'))]],
      alerts: ['GatewayDegraded'],
    },
  ],
};

/** Response and idempotency caches. */
export const CACHES: Row = {
  title: 'Response and other caches',
  panels: [
    {
      title: 'Cache lookups',
      description:
        'Calls of RPCs with a cache. `stale`: the upstream failed and the last response was sent. `error`: the store failed.',
      unit: 'reqps',
      queries: [['{{cache}} {{outcome}}', sumBy('cache, outcome', rate('gateway_cache_requests_total'))]],
    },
    {
      title: 'Memory of the caches',
      description: 'Maximum over all pods.',
      unit: 'bytes',
      queries: [['{{cache}}', maxBy('cache', series('gateway_cache_bytes'))]],
      alerts: ['GatewayHighMemory'],
    },
    {
      title: 'Cache evictions',
      description: 'Entries evicted before they expired because the cache was full.',
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
      title: 'Fill level of the outbox',
      description: 'Share of its room in memory and on disk, on the fullest pod.',
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
      title: 'Queued events',
      description: 'Events in memory on all pods. `unsaved` events are not on disk, so a crash would lose them.',
      unit: 'short',
      queries: [
        ['queued', sumBy('', series('gateway_budget_debit_outbox_depth'))],
        ['unsaved', sumBy('', series('gateway_budget_debit_outbox_unsaved'))],
      ],
      alerts: ['GatewayBudgetDebitJournalFailing'],
      pages: ['recipes/usage-outbox.md'],
    },
    {
      title: 'Failed batches and lost events',
      description:
        'Failed batches are sent again. Events that TenantService rejected, or for which there was no room, are lost.',
      unit: 'short',
      queries: [
        ['failed batches', sumBy('', increase('gateway_budget_debit_outbox_flush_failures_total'))],
        ['rejected', sumBy('', increase('gateway_budget_debit_outbox_4xx_drops_total'))],
        ['no room', sumBy('', increase('gateway_budget_debit_outbox_dropped_total'))],
        ['failed journal writes', sumBy('', increase('gateway_budget_debit_outbox_journal_write_failures_total'))],
      ],
      alerts: ['GatewayBudgetDebitFlushFailing', 'GatewayBudgetDebitRejected', 'GatewayBudgetDebitDropped'],
    },
  ],
};
