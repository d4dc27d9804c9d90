import { Global, Module } from '@nestjs/common';
import { UpstreamsModule } from '../grpc/upstreams.module.js';
import { CallStack } from './stack.js';

/** Calls to upstreams, with everything that protects both sides of them. */
@Global()
@Module({ imports: [UpstreamsModule], providers: [CallStack], exports: [CallStack] })
export class TrafficModule {}
