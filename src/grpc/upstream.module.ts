import { type DynamicModule, Module } from '@nestjs/common';
import type { Client } from '@grpc/grpc-js';
import { type ClientGrpc, type ClientsProviderAsyncOptions, ClientsModule, Transport } from '@nestjs/microservices';
import { GATEWAY_CONFIG } from '../config/config.token.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import { channelCredentials } from './channel-credentials.js';
import { channelOptions } from './channel-options.js';
import { builtInDescriptors, upstreamPackage } from './upstream-package.js';
import { Upstreams } from './upstreams.js';
import { UpstreamsModule } from './upstreams.module.js';

@Module({})
class UpstreamModule {}

/**
 * The client of one upstream: one channel for all its services, closed by Nest when the application has shut down.
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
      if (!config.upstreams.has(name)) return false;
      upstreams.register(name, grpc.getClientByServiceName<Client>(contract.service));
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
