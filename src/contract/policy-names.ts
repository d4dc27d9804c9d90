import type { Access, Policy } from '../domain/policy.js';
import { Access as ProtoAccess, Guardrail } from '../gen/gateway/v1/policy_pb.js';

/** Names of the values of gateway.v1.Access in the gateway; an unset value has none. */
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

/**
 * Reads gateway.v1.Guardrail. A value unknown to this version is a mistake, because it may require a stricter check
 * than this version performs.
 */
export function readGuardrail(value: Guardrail, mistakes: string[]): Policy['guardrail'] {
  if (!GUARDRAILS.has(value)) {
    mistakes.push(`guardrail ${value} is not known: say GUARDRAIL_OPTIONAL or GUARDRAIL_REQUIRED, or leave it out`);
  }
  return GUARDRAILS.get(value);
}
