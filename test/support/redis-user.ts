import { pino } from 'pino';
import { parseEnvironment } from '../../src/config/environment.js';
import type { GatewayConfig } from '../../src/config/gateway-config.js';
import { DegradeFlags, type Transition } from '../../src/observe/degrade-flags.js';
import { GatewayMetrics } from '../../src/observe/metrics.js';
import { RedisConnections } from '../../src/redis/redis-connections.js';

/** Dependencies of a part that uses Redis, without a gateway around it. */
export interface RedisUser {
  readonly config: GatewayConfig;
  readonly redis: RedisConnections;
  readonly flags: DegradeFlags;
  readonly metrics: GatewayMetrics;
  readonly logger: pino.Logger;
  /** Reported degradations, as `component cause state`. */
  readonly told: string[];
  /** All log lines, as they were written. */
  readonly lines: string[];
  close(): void;
}

/** Connects to a Redis, which need not be there. The time limit leaves room for a busy machine. */
export async function connectTo(url: string, env: Readonly<Record<string, string>> = {}): Promise<RedisUser> {
  const config = parseEnvironment({
    AUTH_SERVICE_URL: 'localhost:1',
    USER_SERVICE_URL: 'localhost:1',
    TENANT_SERVICE_URL: 'localhost:1',
    JWT_SECRET: 'a secret of more than 32 bytes, really',
    REDIS_URL: url,
    GATEWAY_REDIS_COMMAND_TIMEOUT: '300ms',
    ...env,
  });
  if (config.redis === undefined) throw new Error('REDIS_URL was not taken');
  const lines: string[] = [];
  const told: string[] = [];
  const logger = pino({ base: null }, { write: (line) => void lines.push(line) });
  const metrics = new GatewayMetrics({ inFlight: new Set(), droppedLines: () => 0 });
  const onTransition = ({ impairment, state }: Transition) =>
    void told.push(`${impairment.component} ${impairment.cause} ${state}`);
  const flags = new DegradeFlags(metrics, logger, { holdMs: 0, onTransition });
  const redis = new RedisConnections(config.redis, flags, logger);
  await redis.connect();
  return { config, redis, flags, metrics, logger, told, lines, close: () => redis.onApplicationShutdown() };
}
