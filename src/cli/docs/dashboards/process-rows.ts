import type { Row } from './dashboard.js';
import { increase, maxBy, rate, series, sumBy } from './queries.js';

/** Event loop, memory and other resources of the Node.js process. */
export const PROCESS: Row = {
  title: 'Event loop and memory',
  panels: [
    {
      title: 'Event loop lag',
      description: 'p99 and maximum per pod. An idle process shows 10 ms.',
      unit: 's',
      limit: 0.11,
      queries: [
        ['{{instance}} p99', maxBy('instance', series('nodejs_eventloop_lag_p99_seconds'))],
        ['{{instance}} max', maxBy('instance', series('nodejs_eventloop_lag_max_seconds'))],
      ],
      alerts: ['GatewayEventLoopBlocked'],
    },
    {
      title: 'Event loop utilization',
      description: 'At 1 the event loop is saturated: add pods.',
      unit: 'percentunit',
      limit: 0.9,
      queries: [['{{instance}}', sumBy('instance', rate('nodejs_eventloop_busy_seconds_total'))]],
      alerts: ['GatewayEventLoopBlocked'],
    },
    {
      title: 'CPU time',
      description: 'CPU seconds per second, of all threads.',
      unit: 'none',
      queries: [['{{instance}}', sumBy('instance', rate('process_cpu_seconds_total'))]],
      alerts: ['GatewayHpaMaxedOut'],
    },
    {
      title: 'Memory use',
      description: 'Resident memory as a share of the memory limit of the container.',
      unit: 'percentunit',
      limit: 0.8,
      queries: [
        [
          '{{instance}}',
          maxBy('instance', `${series('process_resident_memory_bytes')} / ${series('gateway_memory_limit_bytes')}`),
        ],
      ],
      alerts: ['GatewayHighMemory'],
    },
    {
      title: 'JavaScript heap use',
      description: 'Used heap as a share of the heap limit. At 1 the process crashes.',
      unit: 'percentunit',
      limit: 0.9,
      queries: [
        [
          '{{instance}}',
          maxBy('instance', `${series('nodejs_heap_size_used_bytes')} / ${series('nodejs_heap_size_limit_bytes')}`),
        ],
      ],
      alerts: ['GatewayHeapNearLimit'],
    },
    {
      title: 'Memory',
      description: 'Resident memory, used heap, and buffers outside the heap, each the maximum over all pods.',
      unit: 'bytes',
      queries: [
        ['resident', maxBy('', series('process_resident_memory_bytes'))],
        ['heap', maxBy('', series('nodejs_heap_size_used_bytes'))],
        ['external', maxBy('', series('nodejs_external_memory_bytes'))],
      ],
      alerts: ['GatewayHighMemory'],
    },
    {
      title: 'Garbage collection',
      description: 'Share of time by kind, averaged over the selected pods.',
      unit: 'percentunit',
      queries: [['{{kind}}', `avg by (kind) (${rate('nodejs_gc_duration_seconds_sum')})`]],
      alerts: ['GatewayGcPressure'],
    },
    {
      title: 'Sockets, timers and file descriptors',
      description: 'Maximum over all pods. A value that keeps growing is a leak.',
      unit: 'short',
      queries: [
        ['resources', maxBy('', series('nodejs_active_resources_total'))],
        ['file descriptors', maxBy('', series('process_open_fds'))],
      ],
      alerts: ['GatewayActiveResourcesGrowing'],
    },
    {
      title: 'Lost log lines, spans and alerts',
      description: 'Log lines that were not read in time, and spans and webhook alerts by outcome.',
      unit: 'short',
      queries: [
        ['log lines dropped', sumBy('', increase('gateway_log_lines_dropped_total'))],
        ['spans {{outcome}}', sumBy('outcome', increase('gateway_trace_spans_total'))],
        ['spans waiting', sumBy('', series('gateway_trace_queue_spans'))],
        ['alerts {{outcome}}', sumBy('outcome', increase('gateway_alerts_total'))],
      ],
      alerts: ['GatewayTraceSpansLost'],
    },
  ],
};

/** Rollouts: state, version and configuration of the pods. */
export const LIFECYCLE: Row = {
  title: 'Drain, build and configuration',
  panels: [
    {
      title: 'Pods by state',
      description: 'A draining pod finishes its requests and accepts no new ones.',
      unit: 'short',
      queries: [['{{state}}', sumBy('state', series('gateway_state'))]],
      alerts: ['GatewayDegraded', 'GatewayReplicasUnavailable', 'GatewayReadinessFlapping'],
    },
    {
      title: 'Requests in flight on draining pods',
      description: 'Must reach 0 before the grace period is over. Empty while no pod drains.',
      unit: 'short',
      queries: [
        [
          '{{instance}}',
          `${maxBy('instance', series('gateway_in_flight_requests'))} and on (instance) ${maxBy('instance', series('gateway_draining'))} == 1`,
        ],
      ],
      alerts: ['GatewayStuckDrain'],
    },
    {
      title: 'Uptime',
      description: 'A pod with a shorter uptime than the others was restarted.',
      unit: 's',
      queries: [['{{instance}}', `time() - max by (instance) (${series('process_start_time_seconds')})`]],
      alerts: ['GatewayPodRestarting'],
    },
    {
      title: 'Builds',
      description: 'More than one row outside a rollout means that a pod has a different image.',
      unit: 'none',
      kind: 'table',
      queries: [['', `count by (version, revision, node) (${series('gateway_build_info')})`]],
    },
    {
      title: 'Configurations',
      description: 'More than one row outside a rollout means that a pod has different settings.',
      unit: 'none',
      kind: 'table',
      queries: [['', `count by (hash) (${series('gateway_config_hash_info')})`]],
    },
    {
      title: 'Contracts',
      description: 'Revisions of the mounted descriptor sets and their policies.',
      unit: 'none',
      kind: 'table',
      queries: [['', `count by (revision) (${series('gateway_policy_revision')})`]],
      alerts: ['GatewayContractDrift'],
    },
    {
      title: 'Admin listener',
      description: 'Calls by outcome, and restarts of its thread.',
      unit: 'short',
      queries: [
        ['calls {{outcome}}', sumBy('outcome', increase('gateway_admin_actions_total'))],
        ['restarts', sumBy('', increase('gateway_admin_listener_restarts_total'))],
      ],
      alerts: ['GatewayAdminListenerRestarting'],
    },
    {
      title: 'Reloads',
      description:
        'Reloads by outcome, and pods whose last reload was refused: they keep using older settings and contracts.',
      unit: 'short',
      queries: [
        ['{{outcome}}', sumBy('outcome', increase('gateway_reloads_total'))],
        ['pods that refused', `count(${series('gateway_config_last_reload_successful')} == 0) or vector(0)`],
      ],
      alerts: ['GatewayReloadFailing'],
    },
    {
      title: 'Age of the settings in effect',
      description: 'Time since the last successful reload, or since startup.',
      unit: 's',
      queries: [
        [
          '{{instance}}',
          `time() - max by (instance) (${series('gateway_config_last_reload_success_timestamp_seconds')})`,
        ],
      ],
      alerts: ['GatewayReloadFailing'],
    },
    {
      title: 'Policies compiled',
      description: 'Routes whose policy was compiled since startup. Must not grow with requests.',
      unit: 'short',
      queries: [['{{instance}}', maxBy('instance', series('gateway_policy_compile_total'))]],
    },
    {
      title: 'Series per scrape',
      description: 'Number of time series that Prometheus scrapes from a pod.',
      unit: 'short',
      limit: 5000,
      queries: [['{{instance}}', maxBy('instance', series('scrape_samples_post_metric_relabeling'))]],
      alerts: ['GatewayScrapeTooBig'],
    },
  ],
};
