import { Inject, Injectable, Optional } from '@nestjs/common';
import { SigningKeys } from '../access/jwt/signing-keys.js';
import { GATEWAY_CONFIG } from '../config/config.token.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import type { UpstreamConfig } from '../config/upstreams.js';
import { UpstreamHealth, type UpstreamVerdict } from '../grpc/upstream-health.js';
import { UsageOutbox } from '../metering/usage-outbox.js';
import { DegradeFlags } from '../observe/degrade-flags.js';
import { GATEWAY_LOGGER, type GatewayLogger } from '../observe/logger.js';
import { GatewayMetrics } from '../observe/metrics.js';
import { RedisConnections } from '../redis/redis-connections.js';

/** Upstreams without which the gateway still does its main job. */
const OPTIONAL_UPSTREAMS = new Set(['ai', 'guardrail']);

/** A dependency that is checked at intervals. */
export interface WatchedPart {
  /** Name in `/health`. */
  readonly name: string;
  readonly optional: boolean;
  /** Resolves to what is wrong, or undefined. Never rejects; raises or lowers the flag of the component. */
  look(): Promise<string | undefined>;
}

/** Reports the health of upstreams. */
@Injectable()
export class PartSignals {
  constructor(
    private readonly flags: DegradeFlags,
    private readonly metrics: GatewayMetrics,
    @Inject(GATEWAY_LOGGER) private readonly logger: GatewayLogger,
  ) {}

  /** Logs the first check of an upstream: whether it can be reached from here, and what prevents it. */
  probed(upstream: string, target: string, { serving, text, ms }: UpstreamVerdict): void {
    const message = `upstream_probe upstream=${upstream} target=${target} health=${text}`;
    const fields = { upstream, target, health: text, ms: Math.round(ms) };
    this.logger.events[serving ? 'info' : 'warn'](fields, message);
  }

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

/** Health of the gateway's own data: signing keys, usage events, Redis. Their owners have their own flags. */
@Injectable()
export class StoreParts {
  readonly all: readonly WatchedPart[];

  constructor(keys: SigningKeys, @Optional() redis?: RedisConnections, @Optional() outbox?: UsageOutbox) {
    const parts: WatchedPart[] = [{ name: 'signing-keys', optional: true, look: async () => keys.failure }];
    if (redis !== undefined) parts.push({ name: 'redis', optional: true, look: () => redis.check() });
    if (outbox !== undefined) parts.push({ name: 'usage-outbox', optional: true, look: async () => fullness(outbox) });
    if (outbox?.hasJournal) parts.push({ name: 'usage-journal', optional: true, look: async () => outbox.failure });
    this.all = parts;
  }
}

function fullness({ isFull }: UsageOutbox): string | undefined {
  return isFull ? 'full' : undefined;
}

/** All health indicators: upstreams and stores. */
@Injectable()
export class HealthIndicators {
  readonly all: readonly WatchedPart[];

  constructor(
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
    private readonly upstreams: UpstreamHealth,
    private readonly observe: PartSignals,
    stores: StoreParts,
  ) {
    this.all = [...[...config.upstreams.values()].map((upstream) => this.watchUpstream(upstream)), ...stores.all];
  }

  private watchUpstream({ name: upstream, target }: UpstreamConfig): WatchedPart {
    const name = `${upstream}-service`;
    const note = this.observe.ofUpstream(upstream);
    let isFirst = true;
    const look = async () => {
      const verdict = await this.upstreams.check(upstream, this.config.health.intervalMs);
      const { serving, text } = verdict;
      if (isFirst) this.observe.probed(upstream, target, verdict);
      isFirst = false;
      note(serving, text);
      return serving ? undefined : text;
    };
    return { name, optional: OPTIONAL_UPSTREAMS.has(upstream), look };
  }
}
