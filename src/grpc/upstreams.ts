import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { GATEWAY_CONFIG } from '../config/config.token.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import type { UpstreamEndpoints } from '../observe/connection-metrics.js';
import { GATEWAY_LOGGER, type GatewayLogger } from '../observe/logger.js';
import { GatewayMetrics } from '../observe/metrics.js';
import { ConnectionReports } from './connection-reports.js';
import type { ConnectionsReport } from './endpoint-report.js';
import { Http2Transport } from './http2/http2-transport.js';
import { checkTlsMaterial } from './tls-material.js';
import type { Transport } from './transport.js';

/** The ways to all upstreams that the settings name, whether a contract or only a fallback speaks of them. */
@Injectable()
export class Upstreams implements OnModuleInit, OnApplicationShutdown {
  private readonly transports = new Map<string, Http2Transport>();

  constructor(
    @Inject(GATEWAY_CONFIG) private readonly config: Pick<GatewayConfig, 'upstreams' | 'grpc'>,
    private readonly metrics: GatewayMetrics,
    @Inject(GATEWAY_LOGGER) private readonly logger: Pick<GatewayLogger, 'events'>,
  ) {}

  /** Begins to connect, and does not wait for it. Throws, before it does, for certificates that cannot be used. */
  onModuleInit(): void {
    const { upstreams, grpc } = this.config;
    for (const upstream of upstreams.values()) checkTlsMaterial(upstream);
    for (const [name, upstream] of upstreams) {
      const observer = new ConnectionReports(name, this.metrics.connections, this.logger.events);
      this.transports.set(name, new Http2Transport({ upstream, grpc, observer }, grpc));
    }
    this.metrics.connections.watch(() => this.endpoints());
  }

  /** Throws for a name without an address: a bug, for routes exist only with their upstream. */
  get(name: string): Transport {
    const transport = this.transports.get(name);
    if (transport === undefined) throw new Error(`The upstream "${name}" has no address`);
    return transport;
  }

  names(): string[] {
    return [...this.transports.keys()];
  }

  /** The connections to an upstream; undefined when there is none of that name. */
  report(upstream: string): ConnectionsReport | undefined {
    return this.transports.get(upstream)?.report();
  }

  /** The last of Nest's hooks: those before it may still call upstreams. */
  onApplicationShutdown(): void {
    for (const transport of this.transports.values()) transport.close();
  }

  private *endpoints(): Generator<UpstreamEndpoints> {
    for (const [upstream, transport] of this.transports) yield { upstream, counts: transport.endpointCounts() };
  }
}
