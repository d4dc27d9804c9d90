import type { Access, Policy } from '../domain/policy.js';
import { Access as ProtoAccess, Guardrail } from '../gen/gateway/v1/policy_pb.js';

/** The values of gateway.v1.Access by their name in the gateway; one that is not set has none. */
export const ACCESS_NAMES: ReadonlyMap<ProtoAccess, Access> = new Map([
  [ProtoAccess.OPEN, 'OPEN'],
  [ProtoAccess.AUTHENTICATED, 'AUTHENTICATED'],
  [ProtoAccess.CONTROLLED, 'ACCESS_CONTROLLED'],
]);

/** The same of gateway.v1.Guardrail. */
export const GUARDRAIL_NAMES: ReadonlyMap<Guardrail, NonNullable<Policy['guardrail']>> = new Map([
  [Guardrail.OPTIONAL, 'optional'],
  [Guardrail.REQUIRED, 'required'],
]);
