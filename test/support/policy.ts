import type { Policy } from '../../src/domain/policy.js';
import { policyOf } from '../../src/domain/policy.js';

/** A policy that asks for nothing but what a test sets. */
export function ownPolicy(changes: Partial<Policy>): Policy {
  return policyOf('OPEN', changes);
}
