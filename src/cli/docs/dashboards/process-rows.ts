import type { Row } from './dashboard.js';
import { increase, maxBy, rate, series, sumBy } from './queries.js';

/** Event loop, memory and what else a process of Node runs out of. */
export const PROCESS: Row = {
  title: 'Event loop and memory',
  panels: [
    {
      title: 'Event loop lag',
      description: 'p99 and longest of each pod. An idle process shows 10 ms.',
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
      title: 'Processor time',
      description: 'Seconds a second, of all threads.',
      unit: 'none',
      queries: [['{{instance}}', sumBy('instance', rate('process_cpu_seconds_total'))]],
      alerts: ['GatewayHpaMaxedOut'],
    },
    {
      title: 'Memory, of what the process may use',
      description: 'Resident memory by the limit of the container.',
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
      title: 'JavaScript heap, of its limit',
      description: 'At 1 the process ends.',
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
      description: 'Resident, heap in use and buffers outside of it, on the fullest pod.',
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
      description: 'Share of time, by kind, of all selected pods.',
      unit: 'percentunit',
      queries: [['{{kind}}', `avg by (kind) (${rate('nodejs_gc_duration_seconds_sum')})`]],
      alerts: ['GatewayGcPressure'],
    },
    {
      title: 'Sockets, timers and file descriptors',
      description: 'On the pod that has most. What only grows leaks.',
      unit: 'short',
      queries: [
        ['resources', maxBy('', series('nodejs_active_resources_total'))],
        ['file descriptors', maxBy('', series('process_open_fds'))],
      ],
      alerts: ['GatewayActiveResourcesGrowing'],
    },
    {
      title: 'Lost log lines, spans and alerts',
      description: 'Lines that nobody read, spans and alerts to the webhook by outcome.',
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

/** Rollouts: which pods run what, begin and end. */
export const LIFECYCLE: Row = {
  title: 'Drain, build and configuration',
  panels: [
    {
      title: 'Pods by state',
      description: 'A pod that drains finishes its requests and takes no new ones.',
      unit: 'short',
      queries: [['{{state}}', sumBy('state', series('gateway_state'))]],
      alerts: ['GatewayDegraded', 'GatewayReplicasUnavailable', 'GatewayReadinessFlapping'],
    },
    {
      title: 'Requests in flight on pods that drain',
      description: 'They must reach 0 before the grace is over. Empty while no pod drains.',
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
      title: 'Age of processes',
      description: 'A pod that is younger than the others was restarted.',
      unit: 's',
      queries: [['{{instance}}', `time() - max by (instance) (${series('process_start_time_seconds')})`]],
      alerts: ['GatewayPodRestarting'],
    },
    {
      title: 'Builds',
      description: 'More than one row outside of a rollout: a pod has an old image.',
      unit: 'none',
      kind: 'table',
      queries: [['', `count by (version, revision, node) (${series('gateway_build_info')})`]],
    },
    {
      title: 'Configurations',
      description: 'More than one row outside of a rollout: a pod has other settings.',
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
      description: 'Calls by outcome, and how often its thread began anew.',
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
        'Reloads by outcome, and pods whose last one was refused: they serve by older settings and contracts.',
      unit: 'short',
      queries: [
        ['{{outcome}}', sumBy('outcome', increase('gateway_reloads_total'))],
        ['pods that refused', `count(${series('gateway_config_last_reload_successful')} == 0) or vector(0)`],
      ],
      alerts: ['GatewayReloadFailing'],
    },
    {
      title: 'Age of the settings in force',
      description: 'Since the last reload that was applied, or the start.',
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
      description: 'Routes whose policy was compiled since the start of the process. Requests compile nothing.',
      unit: 'short',
      queries: [['{{instance}}', maxBy('instance', series('gateway_policy_compile_total'))]],
    },
    {
      title: 'Series of a scrape',
      description: 'Series that a pod gives to Prometheus.',
      unit: 'short',
      limit: 5000,
      queries: [['{{instance}}', maxBy('instance', series('scrape_samples_post_metric_relabeling'))]],
      alerts: ['GatewayScrapeTooBig'],
    },
  ],
};
