import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { GATEWAY_CONFIG } from '../config/config.token.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import { Http2Transport } from './http2/http2-transport.js';
import { UpstreamTransport } from './upstream-transport.js';
import { Upstreams } from './upstreams.js';

/** Connects to addresses that no contract has a service for: those that `fallback.upstream` of a policy names. */
@Injectable()
export class StandbyUpstreams implements OnModuleInit {
  constructor(
    private readonly upstreams: Upstreams,
    @Inject(GATEWAY_CONFIG) private readonly config: Pick<GatewayConfig, 'upstreams' | 'grpc'>,
  ) {}

  /** By then the modules of all contracts have registered theirs. */
  onModuleInit(): void {
    const taken = new Set(this.upstreams.names());
    const { upstreams, grpc } = this.config;
    for (const [name, upstream] of upstreams) {
      if (taken.has(name)) continue;
      this.upstreams.register(name, new UpstreamTransport(new Http2Transport({ upstream, grpc }, grpc), NO_STREAMS));
    }
  }
}

/** A fallback is for unary RPCs: the contract refuses it elsewhere. */
const NO_STREAMS = {
  serverStream(): never {
    throw new Error('A standby upstream has no streams');
  },
};
