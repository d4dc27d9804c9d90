import { Global, Module } from '@nestjs/common';
import { UpstreamsModule } from '../grpc/upstreams.module.js';
import { TenantEntitlements } from './entitlements.js';
import { CallStack } from './stack.js';

/** Calls to upstreams, with everything that protects both sides of them. */
@Global()
@Module({
  imports: [UpstreamsModule],
  providers: [
    CallStack,
    {
      provide: TenantEntitlements,
      inject: [CallStack],
      useFactory: (stack: CallStack) => new TenantEntitlements(stack),
    },
  ],
  exports: [CallStack, TenantEntitlements],
})
export class TrafficModule {}
