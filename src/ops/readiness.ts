import { Injectable, Optional } from '@nestjs/common';
import { JwtAuthenticator } from '../access/jwt-authenticator.js';
import { DrainState } from '../domain/drain-state.js';
import { Revocation } from '../domain/revocation.js';
import { RedisConnections } from '../redis/redis-connections.js';

/**
 * Conditions for traffic. Each gate but the first opens once and stays open: a later outage of an upstream or a store
 * must not take out every instance.
 */
@Injectable()
export class Readiness {
  constructor(
    private readonly drain: DrainState,
    private readonly authenticator: JwtAuthenticator,
    private readonly revocation: Revocation,
    @Optional() private readonly redis?: RedisConnections,
  ) {}

  /** Returns whether each gate is open, by the message for a closed one. */
  gates(): ReadonlyMap<string, boolean> {
    return new Map([
      ['draining', !this.drain.draining],
      ['signing_keys', this.authenticator.ready],
      ['revocation cache not ready', this.revocation.ready],
      // Sessions are in it: a pod that takes traffic earlier would respond to them with 503.
      ['redis not ready', this.redis?.ready ?? true],
    ]);
  }
}
