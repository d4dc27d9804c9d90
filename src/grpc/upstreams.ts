import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit, Optional } from '@nestjs/common';
import { GATEWAY_CONFIG } from '../config/config.token.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import type { UpstreamConfig } from '../config/upstreams.js';
import { PASSED_HEADERS } from '../domain/passed-headers.js';
import type { UpstreamEndpoints } from '../observe/connection-metrics.js';
import { GATEWAY_LOGGER, type GatewayLogger } from '../observe/logger.js';
import { GatewayMetrics } from '../observe/metrics.js';
import { ConnectionReports } from './connection-reports.js';
import type { ConnectionsReport } from './endpoint-report.js';
import { Http2Transport } from './client/http2-transport.js';
import { withHeaders } from './client/response-fields.js';
import { checkTlsMaterial } from './tls-material.js';
import type { Transport, UpstreamTransport } from './transport.js';

/** What of the settings the ways to upstreams need. */
export type UpstreamsConfig = Pick<GatewayConfig, 'upstreams' | 'grpc' | 'descriptorFiles'>;

/** The ways to all upstreams that the settings name, whether a contract or only a fallback speaks of them. */
@Injectable()
export class Upstreams implements OnModuleInit, OnApplicationShutdown {
  private readonly transports = new Map<string, UpstreamTransport>();

  constructor(
    @Inject(GATEWAY_CONFIG) private readonly config: UpstreamsConfig,
    private readonly metrics: GatewayMetrics,
    @Inject(GATEWAY_LOGGER) private readonly logger: Pick<GatewayLogger, 'events'>,
    @Optional() @Inject(PASSED_HEADERS) private readonly headerNames: readonly string[] = [],
  ) {}

  /** Begins to connect, and does not wait for it. Throws, before it does, for certificates that cannot be used. */
  async onModuleInit(): Promise<void> {
    const upstreams = [...this.config.upstreams.values()];
    for (const upstream of upstreams) checkTlsMaterial(upstream);
    const byName = Map.groupBy(upstreams, ({ transport }) => transport);
    for (const upstream of byName.get('http2') ?? []) this.openHttp2(upstream);
    const overGrpcJs = byName.get('grpc-js');
    if (overGrpcJs !== undefined) await this.openGrpcJs(overGrpcJs);
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

  private openHttp2(upstream: UpstreamConfig): void {
    const { grpc } = this.config;
    const observer = this.observerOf(upstream);
    const fields = this.headerNames.length === 0 ? {} : { fields: withHeaders(this.headerNames) };
    this.transports.set(upstream.name, new Http2Transport({ upstream, grpc, observer, ...fields }, grpc));
  }

  /** @grpc/grpc-js, @grpc/proto-loader and @nestjs/microservices are loaded only for an upstream that asks for them. */
  private async openGrpcJs(upstreams: readonly UpstreamConfig[]): Promise<void> {
    const { GrpcJsTransport } = await import('./grpc-js/grpc-js-transport.js');
    const { loadServices } = await import('./grpc-js/upstream-package.js');
    const services = loadServices(this.config.descriptorFiles);
    for (const upstream of upstreams) {
      const { grpc } = this.config;
      const observer = this.observerOf(upstream);
      this.transports.set(upstream.name, new GrpcJsTransport({ upstream, grpc, services, observer }));
    }
  }

  private observerOf({ name }: UpstreamConfig): ConnectionReports {
    return new ConnectionReports(name, this.metrics.connections, this.logger.events);
  }

  private *endpoints(): Generator<UpstreamEndpoints> {
    for (const [upstream, transport] of this.transports) yield { upstream, counts: transport.endpointCounts() };
  }
}
