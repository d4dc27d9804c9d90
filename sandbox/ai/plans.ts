import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { Injectable } from '@nestjs/common';
import type { Confirmation, PlanConfirmation } from '../../src/gen/ai/v1/ai_pb.js';
import { emptyFields, notFound, refuseIfAny, rpcError } from '../backend/rpc-error.js';
import type { Wire } from '../backend/wire.js';
import { BoundedMap } from '../data/bounded-map.js';

const MAX_PLANS = 10_000;
const LONG_QUERY = 200;
const CHANGES_SOMETHING = /^\s*(delete|change)\b/i;

interface Plan {
  readonly owner: string;
  readonly sessionId: string;
  readonly query: string;
  settled: boolean;
}

/** Plans that wait for a yes or a no. */
@Injectable()
export class Plans {
  readonly #plans = new BoundedMap<string, Plan>(MAX_PLANS);

  /** Returns true if a query must be planned first: it changes something, or it is long. */
  isNeeded(query: string): boolean {
    return query.length > LONG_QUERY || CHANGES_SOMETHING.test(query);
  }

  make(owner: string, sessionId: string, query: string): Wire<PlanConfirmation> {
    const planId = `plan-${randomUUID()}`;
    this.#plans.set(planId, { owner, sessionId, query, settled: false });
    return {
      planId,
      description: `1. Look up what "${query.slice(0, 80)}" refers to. 2. Do it. 3. Report the result.`,
    };
  }

  /**
   * Settles a plan, once, and gives its query. Throws NOT_FOUND for a plan the owner does not have,
   * FAILED_PRECONDITION for one that is settled or of another session.
   */
  settle(owner: string, sessionId: string, { planId }: Wire<Confirmation>): string {
    refuseIfAny(emptyFields({ 'confirmation.plan_id': planId }));
    const plan = this.#plans.get(planId);
    if (plan === undefined || plan.owner !== owner) throw notFound('plan', planId);
    if (plan.sessionId !== sessionId) throw rpcError(status.FAILED_PRECONDITION, 'the plan is of another session');
    if (plan.settled) throw rpcError(status.FAILED_PRECONDITION, 'the plan is settled already');
    plan.settled = true;
    return plan.query;
  }
}
