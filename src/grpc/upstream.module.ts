import { type DynamicModule, Module } from '@nestjs/common';
import type { Client } from '@grpc/grpc-js';
import { type ClientGrpc, type ClientsProviderAsyncOptions, ClientsModule, Transport } from '@nestjs/microservices';
import { GATEWAY_CONFIG } from '../config/config.token.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import { channelCredentials } from './channel-credentials.js';
import { channelOptions } from './channel-options.js';
import { GrpcTransport } from './grpc-transport.js';
import { Http2Transport } from './http2/http2-transport.js';
import { builtInDescriptors, upstreamPackage } from './upstream-package.js';
import { UpstreamTransport } from './upstream-transport.js';
import { Upstreams } from './upstreams.js';
import { UpstreamsModule } from './upstreams.module.js';

@Module({})
class UpstreamModule {}

/**
 * The way to one upstream, for all its services. It connects at once, and is closed when the application has shut down.
 * Without an address in the settings nothing is registered. Throws at boot when the set has no such service.
 * @param name first segment of the proto package.
 * @param descriptorSet bytes of a FileDescriptorSet; the built-in one when left out.
 */
export function registerUpstream(name: string, descriptorSet: Uint8Array = builtInDescriptors()): DynamicModule {
  const contract = upstreamPackage(name, descriptorSet);
  const client = Symbol(`ClientGrpc(${name})`);
  const registration = {
    provide: Symbol(`UpstreamRegistration(${name})`),
    inject: [Upstreams, GATEWAY_CONFIG, client],
    useFactory: (upstreams: Upstreams, config: GatewayConfig, grpc: ClientGrpc): boolean => {
      const upstream = config.upstreams.get(name);
      if (upstream === undefined) return false;
      const channel = grpc.getClientByServiceName<Client>(contract.service).getChannel();
      const calls = new Http2Transport({ upstream, grpc: config.grpc }, config.grpc);
      upstreams.register(name, new UpstreamTransport(calls, new GrpcTransport(channel)));
      return true;
    },
  };
  return {
    module: UpstreamModule,
    imports: [UpstreamsModule, ClientsModule.registerAsync([clientOf(name, client, contract)])],
    providers: [registration],
  };
}

function clientOf(
  upstream: string,
  token: symbol,
  contract: ReturnType<typeof upstreamPackage>,
): ClientsProviderAsyncOptions {
  return {
    name: token,
    inject: [GATEWAY_CONFIG],
    useFactory: (config: GatewayConfig) => {
      const settings = config.upstreams.get(upstream);
      const { packageDefinition, package: packageName } = contract;
      return {
        transport: Transport.GRPC,
        options: {
          package: packageName,
          packageDefinition,
          ...(settings !== undefined && {
            url: settings.target,
            credentials: channelCredentials(settings),
            channelOptions: channelOptions(settings, config.grpc),
          }),
        },
      };
    },
  };
}
