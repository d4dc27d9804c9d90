import { Global, Module } from '@nestjs/common';
import { StandbyUpstreams } from './standby-upstreams.js';
import { UpstreamHealth } from './upstream-health.js';
import { Upstreams } from './upstreams.js';

/** The registry of upstreams, that each upstream's own module fills. */
@Global()
@Module({ providers: [Upstreams, UpstreamHealth, StandbyUpstreams], exports: [Upstreams, UpstreamHealth] })
export class UpstreamsModule {}
