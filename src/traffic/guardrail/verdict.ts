import { fromBinary } from '@bufbuild/protobuf';
import type { GuardrailOutcome, CallContext, GuardrailPhase, GuardrailRecord } from '../../domain/call-context.js';
import { GatewayError } from '../../domain/errors.js';
import { CheckRequestResponseSchema, Decision } from '../../gen/guardrail/v1/guardrail_pb.js';
import { GrpcFailure } from '../../grpc/grpc-failure.js';
import type { ResponseReader } from '../call.js';

/** A category such as `prompt_injection`. Anything else may be text of a message, which is not logged. */
const REASON = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

/** Codes of calls that were not sent. */
const NOT_SENT: ReadonlySet<string> = new Set(['CIRCUIT_OPEN', 'OVERLOADED']);

/** Outcome of a check, and what is logged of it. */
export interface Verdict {
  readonly outcome: GuardrailOutcome;
  /** Empty when there is no reason that may be logged. */
  readonly reason: string;
}

/** Reads a verdict inside the call, so that a response without a decision counts as a fault of the guardrail. */
export class VerdictReader implements ResponseReader {
  verdict: Verdict | undefined;

  /** Takes the response of any check: all three have the same shape. Throws UPSTREAM_ERROR. */
  read(response: Uint8Array): void {
    const { decision, reason = '' } = parse(response) ?? {};
    if (decision !== Decision.ALLOW && decision !== Decision.BLOCK) {
      throw new GatewayError('UPSTREAM_ERROR', 'The guardrail answered without a decision.');
    }
    const outcome = decision === Decision.ALLOW ? 'allowed' : 'blocked';
    this.verdict = { outcome, reason: REASON.test(reason) ? reason : '' };
  }
}

function parse(response: Uint8Array) {
  try {
    return fromBinary(CheckRequestResponseSchema, response).verdict;
  } catch (error) {
    throw new GatewayError('UPSTREAM_ERROR', 'The guardrail answered with bytes that are not a verdict.', {
      cause: error,
    });
  }
}

/**
 * Returns the verdict of a failed check. Its reason is the gRPC code alone: a text of the guardrail may quote a
 * message.
 */
export function verdictOfFailure(error: unknown): Verdict {
  const { code, cause } = GatewayError.from(error);
  const reason = cause instanceof GrpcFailure ? cause.grpcCode : code;
  if (NOT_SENT.has(code)) return { outcome: 'skipped', reason };
  return { outcome: code === 'UPSTREAM_TIMEOUT' ? 'timeout' : 'error', reason };
}

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
