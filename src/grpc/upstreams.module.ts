import { Global, Module } from '@nestjs/common';
import { UpstreamHealth } from './upstream-health.js';
import { Upstreams } from './upstreams.js';

/** Calls to upstreams, and their health. */
@Global()
@Module({ providers: [Upstreams, UpstreamHealth], exports: [Upstreams, UpstreamHealth] })
export class UpstreamsModule {}
