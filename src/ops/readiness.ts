import { Injectable, Optional } from '@nestjs/common';
import { JwtAuthenticator } from '../access/jwt-authenticator.js';
import { DrainState } from '../domain/drain-state.js';
import { Revocation } from '../domain/revocation.js';
import { RedisConnections } from '../redis/redis-connections.js';

/**
 * What must hold before traffic may come. Each gate but the first opens once and for all:
 * an outage of an upstream or a store later on must not take out every instance.
 */
@Injectable()
export class Readiness {
  constructor(
    private readonly drain: DrainState,
    private readonly authenticator: JwtAuthenticator,
    private readonly revocation: Revocation,
    @Optional() private readonly redis?: RedisConnections,
  ) {}

  /** Each gate, by what is said when it is closed, and whether it is open. */
  gates(): ReadonlyMap<string, boolean> {
    return new Map([
      ['draining', !this.drain.draining],
      ['signing_keys', this.authenticator.ready],
      ['revocation cache not ready', this.revocation.ready],
      // Sessions are in it: a pod that takes traffic sooner answers them 503.
      ['redis not ready', this.redis?.ready ?? true],
    ]);
  }
}
