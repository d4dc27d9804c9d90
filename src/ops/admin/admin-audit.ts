import type { Logger } from 'pino';
import type { GatewayMetrics } from '../../observe/metrics.js';
import type { AdminAction } from './admin-messages.js';

const FIRST_SERVER_ERROR = 500;

/** Logs and counts each call of an operator. */
export class AdminAudit {
  constructor(
    readonly logger: Logger,
    private readonly metrics: GatewayMetrics,
  ) {}

  /** Logs that the thread of the listener ended. */
  lost(err: unknown, restartInMs: number): void {
    this.metrics.adminRestarts.inc();
    this.logger.error({ err, restart_in_ms: restartInMs }, 'admin_listener_lost');
  }

  note({ method, path, status, code, caller, requestId, unlogged, bug }: AdminAction): void {
    const outcome = outcomeOf(status, code !== undefined);
    if (bug !== undefined) this.logger.error({ bug, request_id: requestId }, 'admin_call_failed');
    this.metrics.adminActions.inc({ outcome });
    if (unlogged > 0) this.metrics.adminActions.inc({ outcome: 'failed' }, unlogged);
    this.logger[outcome === 'ok' ? 'info' : 'warn'](
      { method, path, status, outcome, error_code: code ?? null, caller, request_id: requestId, unlogged },
      `admin_action outcome=${outcome} ${method} ${path}`,
    );
  }
}

function outcomeOf(status: number, isError: boolean): 'ok' | 'refused' | 'failed' {
  if (!isError) return 'ok';
  return status < FIRST_SERVER_ERROR ? 'refused' : 'failed';
}
