import type { CallContext, GuardrailOutcome, GuardrailPhase, GuardrailRecord } from '../../domain/call-context.js';
import type { Verdict } from './verdict.js';

/**
 * Order in which outcomes replace each other: a block decides the request, and a failed check outranks a passed one.
 */
const RANK: Readonly<Record<GuardrailOutcome, number>> = { allowed: 0, skipped: 1, timeout: 2, error: 2, blocked: 3 };

/** Records the verdict that matters most, and the time of all checks, for the log line. */
export function noteVerdict(
  context: CallContext,
  phase: GuardrailPhase,
  { outcome: decision, reason, ms }: Verdict & { readonly ms: number },
): void {
  const { guardrail } = context;
  if (guardrail === undefined) {
    context.guardrail = { phase, decision, reason, ms };
    return;
  }
  guardrail.ms += ms;
  if (outranks(decision, guardrail)) Object.assign(guardrail, { phase, decision, reason });
}

/** Returns whether an outcome replaces the known one: of passed checks the last is kept, of failures the first. */
function outranks(decision: GuardrailOutcome, { decision: known }: GuardrailRecord): boolean {
  return RANK[decision] > RANK[known] || (decision === 'allowed' && known === 'allowed');
}
