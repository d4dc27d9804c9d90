import { Inject, Injectable, Optional } from '@nestjs/common';
import { GATEWAY_CONFIG } from '../config/config.token.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import { UpstreamHealth } from '../grpc/upstream-health.js';
import { DegradeFlags } from '../observe/degrade-flags.js';
import { GatewayMetrics } from '../observe/metrics.js';
import { RedisConnections } from '../redis/redis-connections.js';

/** Without these the gateway still does its main job (rows 001-5, 003-5). */
const OPTIONAL_UPSTREAMS = new Set(['ai']);

/** Something outside this process that is looked at now and then. */
export interface WatchedPart {
  /** As `/health` names it. */
  readonly name: string;
  readonly optional: boolean;
  /** What is wrong; undefined when nothing is. Never rejects, and raises or lowers the flag of the part. */
  look(): Promise<string | undefined>;
}

/** How the health of an upstream is told. */
@Injectable()
export class PartSignals {
  constructor(
    private readonly flags: DegradeFlags,
    private readonly metrics: GatewayMetrics,
  ) {}

  ofUpstream(upstream: string): (serving: boolean, text: string) => void {
    const flag = this.flags.flag({
      component: upstream,
      cause: 'health',
      area: 'gateway',
      degraded: `${upstream}-service degraded`,
      recovered: `${upstream}-service recovered`,
    });
    return (serving, text) => {
      this.metrics.upstreamUp.set({ upstream }, serving ? 1 : 0);
      if (serving) flag.lower();
      else flag.suspect(text);
    };
  }
}

/** The upstreams, and Redis where there is one: its absence is healthy. */
@Injectable()
export class WatchedParts {
  readonly all: readonly WatchedPart[];

  constructor(
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
    private readonly upstreams: UpstreamHealth,
    private readonly observe: PartSignals,
    @Optional() redis?: RedisConnections,
  ) {
    const parts = [...config.upstreams.keys()].map((name) => this.watchUpstream(name));
    this.all = redis === undefined ? parts : [...parts, watchRedis(redis)];
  }

  private watchUpstream(upstream: string): WatchedPart {
    const name = `${upstream}-service`;
    const note = this.observe.ofUpstream(upstream);
    const look = async () => {
      const { serving, text } = await this.upstreams.check(upstream, this.config.health.intervalMs);
      note(serving, text);
      return serving ? undefined : text;
    };
    return { name, optional: OPTIONAL_UPSTREAMS.has(upstream), look };
  }
}

/** Its connections have a flag of their own. */
function watchRedis(redis: RedisConnections): WatchedPart {
  return { name: 'redis', optional: true, look: () => redis.check() };
}
