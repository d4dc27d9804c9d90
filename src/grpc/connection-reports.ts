import type { Logger } from 'pino';
import type { ConnectionMetrics } from '../observe/connection-metrics.js';
import type { PoolObserver } from './client/pool-settings.js';

/** Counts and logs what happens to the connections of an upstream. */
export class ConnectionReports implements PoolObserver {
  constructor(
    private readonly upstream: string,
    private readonly metrics: ConnectionMetrics,
    private readonly logger: Logger,
  ) {
    metrics.initialize(upstream);
  }

  ejected(address: string): void {
    const { upstream } = this;
    this.metrics.ejected(upstream);
    this.logger.warn({ upstream, address }, `endpoint_ejected upstream=${upstream} address=${address}`);
  }

  replaced(address: string, reason: string): void {
    const { upstream } = this;
    const text = `connection_replaced upstream=${upstream} address=${address} reason=${reason}`;
    this.logger.warn({ upstream, address, reason }, text);
  }

  tooManyPings(keepaliveMs: number): void {
    const { upstream } = this;
    this.metrics.pingedTooOften(upstream);
    const text = `too_many_pings upstream=${upstream} keepalive=${keepaliveMs}ms: raise GATEWAY_GRPC_KEEPALIVE_TIME`;
    this.logger.warn({ upstream, keepalive_ms: keepaliveMs }, text);
  }
}
