import type { Access, Policy } from '../domain/policy.js';
import { Access as ProtoAccess, Guardrail } from '../gen/gateway/v1/policy_pb.js';

/** The values of gateway.v1.Access by their name in the gateway; one that is not set has none. */
export const ACCESS_NAMES: ReadonlyMap<ProtoAccess, Access> = new Map([
  [ProtoAccess.OPEN, 'OPEN'],
  [ProtoAccess.AUTHENTICATED, 'AUTHENTICATED'],
  [ProtoAccess.CONTROLLED, 'ACCESS_CONTROLLED'],
]);

const GUARDRAILS: ReadonlyMap<Guardrail, Policy['guardrail']> = new Map([
  [Guardrail.UNSPECIFIED, undefined],
  [Guardrail.OPTIONAL, 'optional'],
  [Guardrail.REQUIRED, 'required'],
]);

/** Reads gateway.v1.Guardrail. A value that this version does not know is a mistake: it may ask for more than it would get. */
export function readGuardrail(value: Guardrail, mistakes: string[]): Policy['guardrail'] {
  if (!GUARDRAILS.has(value)) {
    mistakes.push(`guardrail ${value} is not known: say GUARDRAIL_OPTIONAL or GUARDRAIL_REQUIRED, or leave it out`);
  }
  return GUARDRAILS.get(value);
}
