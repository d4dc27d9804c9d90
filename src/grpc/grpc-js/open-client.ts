import type { Client } from '@grpc/grpc-js';
import { type ClientGrpc, ClientProxyFactory, Transport } from '@nestjs/microservices';
import type { GatewayConfig } from '../../config/gateway-config.js';
import type { UpstreamConfig } from '../../config/upstreams.js';
import type { TlsMaterial } from '../tls-material.js';
import { channelCredentials, channelOptions, keepaliveOptions } from './client-options.js';
import { packageOf, type Services, type UpstreamPackage } from './upstream-package.js';

/** Opens clients of one upstream, each with connections of its own. */
export class ClientFactory {
  private readonly contract: UpstreamPackage;

  constructor(
    readonly upstream: UpstreamConfig,
    private readonly grpc: GatewayConfig['grpc'],
    services: Services,
  ) {
    this.contract = packageOf(services);
  }

  /** Makes a client by `ClientGrpc` of @nestjs/microservices. All services of an upstream share its channel. Close it. */
  open(material: TlsMaterial | undefined): Client {
    const { service, package: packageName, packageDefinition } = this.contract;
    const keepalive = keepaliveOptions(this.grpc);
    const proxy: unknown = ClientProxyFactory.create({
      transport: Transport.GRPC,
      options: {
        url: this.upstream.target,
        package: packageName,
        packageDefinition,
        credentials: channelCredentials(material),
        channelOptions: channelOptions(this.upstream, this.grpc),
        ...(keepalive !== undefined && { keepalive }),
      },
    });
    const client = (proxy as ClientGrpc).getClientByServiceName<Client>(service);
    this.refuseUnresolved(client);
    return client;
  }
  /** grpc-js takes a scheme that nobody has registered for a host name. */
  private refuseUnresolved(client: Client): void {
    const { name, target } = this.upstream;
    if (!target.startsWith('xds:') || client.getChannel().getTarget().startsWith('xds:')) return;
    client.close();
    const help = 'register @grpc/grpc-js-xds before the gateway starts (docs/grpc-transports.md)';
    throw new Error(`The upstream "${name}" has the xDS address ${target}, which nothing resolves: ${help}`);
  }
}
