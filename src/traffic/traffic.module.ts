import { Global, Module } from '@nestjs/common';
import { UpstreamsModule } from '../grpc/upstreams.module.js';
import { responseCacheProvider } from './cache/response-cache.provider.js';
import { TenantEntitlements } from './entitlements.js';
import { Protection } from './protection.js';
import { CallStack } from './stack.js';

/** Calls to upstreams, with everything that protects both sides of them. */
@Global()
@Module({
  imports: [UpstreamsModule],
  providers: [
    CallStack,
    Protection,
    responseCacheProvider,
    {
      provide: TenantEntitlements,
      inject: [CallStack],
      useFactory: (stack: CallStack) => new TenantEntitlements(stack),
    },
  ],
  exports: [CallStack, Protection, TenantEntitlements],
})
export class TrafficModule {}
