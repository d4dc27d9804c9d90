import cluster, { type Worker } from 'node:cluster';
import type { Logger } from 'pino';
import type { GatewayConfig } from './config/gateway-config.js';
import { WORKER_VARIABLE } from './config/schema/worker-settings.js';
import type { GatewayLogger } from './observe/logger.js';
import { GatewayMetrics } from './observe/metrics.js';
import { AdminAudit } from './ops/admin/admin-audit.js';
import { AdminListener } from './ops/admin/admin-listener.js';
import { freePath } from './ops/main-listener.js';
import { WorkerRefusal } from './start-refusal.js';
import { Workers } from './ops/workers/workers.js';
import type { Drainable } from './process-end.js';

/** Primary process with its workers. */
export interface RunningWorkers extends Drainable {
  /** Reloads contracts, keys and settings, in all workers or in none. */
  reload(): Promise<unknown>;
  /** Resolves to an exit code when the workers cannot be kept running. */
  readonly failed: Promise<number>;
}

/** Starts the workers, and resolves when all of them serve. Rejects with WorkerRefusal, SocketListenError or AdminListenError. */
export async function startWorkers(config: GatewayConfig, logger: GatewayLogger): Promise<RunningWorkers> {
  const { events } = logger;
  const metrics = new GatewayMetrics({
    inFlight: Object.assign([], { size: 0 }),
    droppedLines: () => logger.stream.dropped,
  });
  if (config.server.unixSocket !== undefined) await freePath(config.server.unixSocket);
  const workers = new Workers({
    count: config.workers,
    metrics,
    log: events,
    fork: (number) => fork(number, config.workers),
  });
  const refused = workers.failed.then((code) => Promise.reject(new WorkerRefusal(code)));
  refused.catch(() => undefined);
  try {
    await Promise.race([workers.start(), refused]);
    const admin = config.admin && (await startAdmin(config.admin, { workers, metrics, log: events }));
    const drain = async () => {
      const code = await workers.stop();
      await admin?.close();
      return code;
    };
    return { drain, reload: () => workers.reload(), failed: workers.failed };
  } catch (error) {
    await workers.stop();
    throw error;
  }
}

interface AdminSources {
  readonly workers: Workers;
  readonly metrics: GatewayMetrics;
  readonly log: Logger;
}

function startAdmin(config: NonNullable<GatewayConfig['admin']>, { workers, metrics, log }: AdminSources) {
  return AdminListener.start(config, { commands: workers.commands, audit: new AdminAudit(log, metrics) });
}

/** Starts a worker, which writes to the same stdout and stderr. */
function fork(number: number, workers: number): Worker {
  return cluster.fork({ [WORKER_VARIABLE]: `${number}/${workers}` });
}
