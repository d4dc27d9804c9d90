import type { CallContext, GuardrailOutcome, GuardrailPhase, GuardrailRecord } from '../../domain/call-context.js';
import type { Verdict } from './verdict.js';

/** A block decides a request; a check that failed is worth more than one that passed. */
const RANK: Readonly<Record<GuardrailOutcome, number>> = { allowed: 0, skipped: 1, timeout: 2, error: 2, blocked: 3 };

/** Keeps, for the log line, the verdict that matters most and the time that all checks took. */
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

/** Of checks that passed the last one is kept, of failures the first. */
function outranks(decision: GuardrailOutcome, { decision: known }: GuardrailRecord): boolean {
  return RANK[decision] > RANK[known] || (decision === 'allowed' && known === 'allowed');
}
