import type { Policy } from '../../src/domain/policy.js';
import { ownRoutePolicy } from '../../src/access/access.decorator.js';

/** A policy that asks for nothing but what a test sets. */
export function ownPolicy(changes: Partial<Policy>): Policy {
  return { ...ownRoutePolicy('OPEN'), ...changes };
}
