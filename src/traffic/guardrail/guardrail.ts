import { create, type DescMethod, toBinary } from '@bufbuild/protobuf';
import type { GuardrailConfig } from '../../config/schema/guardrail-settings.js';
import { describeMethod } from '../../contract/describe-method.js';
import { type GuardrailPhase, CallContext } from '../../domain/call-context.js';
import { GatewayError } from '../../domain/errors.js';
import { policyOf } from '../../domain/policy.js';
import type { RpcMethod } from '../../domain/rpc-method.js';
import {
  CheckChunkRequestSchema,
  CheckRequestRequestSchema,
  CheckResponseRequestSchema,
  GuardrailService,
} from '../../gen/guardrail/v1/guardrail_pb.js';
import { abortError } from '../../grpc/status.js';
import type { GuardrailMetrics } from '../../observe/guardrail-metrics.js';
import type { StackCall, UpstreamCall } from '../call.js';
import { WithheldResponse } from '../upstream-fault.js';
import { noteVerdict, type Verdict, VerdictReader, verdictOfFailure } from './verdict.js';

/** The messages that a check is about. */
export interface Subject {
  readonly phase: GuardrailPhase;
  /** One message; of the phase `chunk` one or more. */
  readonly messages: readonly Uint8Array[];
  /** Position of the first message in its stream. */
  readonly firstIndex: number;
}

/** Time budgets of the checks in ms, and the behavior when they are exceeded. */
export interface GuardrailSettings extends GuardrailConfig {
  /** Budget of a request or a whole response; undefined without a guardrail: every check is skipped. */
  readonly timeoutMs: number | undefined;
}

/** Sends a check through the call stack, with the circuit breaker and the concurrency limit of the guardrail. */
export type SendCheck = (call: UpstreamCall) => Promise<Uint8Array>;

/** Retry-After of a request that could not be checked. */
const RETRY_AFTER_SECONDS = 5;

/** Asks the guardrail whether messages may pass (guardrail/v1/guardrail.proto). */
export class Guardrail {
  private readonly methods: Readonly<Record<GuardrailPhase, RpcMethod>>;

  constructor(
    private readonly settings: GuardrailSettings,
    private readonly metrics: GuardrailMetrics,
  ) {
    const { checkRequest, checkResponse, checkChunk } = GuardrailService.method;
    const { timeoutMs, chunkTimeoutMs } = settings;
    this.methods = {
      request: checkMethod(checkRequest, timeoutMs),
      response: checkMethod(checkResponse, timeoutMs),
      chunk: checkMethod(checkChunk, chunkTimeoutMs),
    };
  }

  /**
   * Returns whether an RPC is checked. One that requires a check is, even without a guardrail, so that it is counted.
   */
  guards({ guarded, policy }: RpcMethod): boolean {
    return guarded !== undefined && (this.settings.timeoutMs !== undefined || policy.guardrail === 'required');
  }

  /**
   * Resolves when the messages may pass. Rejects with CONTENT_BLOCKED; with UPSTREAM_UNAVAILABLE when the guardrail
   * cannot decide and is configured to fail closed; or with the error that ended the request.
   */
  async check(call: StackCall, subject: Subject, send: SendCheck): Promise<void> {
    const startedAt = performance.now();
    const verdict = await this.ask(call, subject, send);
    const ms = performance.now() - startedAt;
    this.metrics.checked(subject.phase, verdict.outcome, ms / 1000);
    noteVerdict(call.context, subject.phase, { ...verdict, ms });
    if (verdict.outcome === 'allowed') return;
    if (verdict.outcome === 'blocked') throw blocked(subject);
    if (!this.settings.failOpen) throw undecided(subject, verdict);
  }

  private async ask(call: StackCall, subject: Subject, send: SendCheck): Promise<Verdict> {
    if (this.settings.timeoutMs === undefined) return { outcome: 'skipped', reason: 'not_configured' };
    const reader = new VerdictReader();
    const { context, unlink } = linkedContext(call);
    try {
      const method = this.methods[subject.phase];
      const request = encode(call.method, subject);
      await send({ context, method, request, deadlineAt: call.deadlineAt, reader });
      return reader.verdict ?? { outcome: 'error', reason: 'no_verdict' };
    } catch (error) {
      refuseIfOver(call, subject);
      return verdictOfFailure(error);
    } finally {
      unlink();
    }
  }
}

/** Throws if the request is over: a check that failed for that reason says nothing about the guardrail. */
function refuseIfOver({ signal, deadlineAt, method: { upstream } }: StackCall, { phase }: Subject): void {
  if (signal.aborted) throw abortError(upstream, signal);
  if (performance.now() < deadlineAt) return;
  const detail = 'The time of the request was over before the guardrail had decided.';
  throw new GatewayError('UPSTREAM_TIMEOUT', detail, { cause: causeOf(phase, 'no time was left') });
}

/** Describes an RPC of the guardrail. The budget is its timeout, so that the circuit breaker judges it by that. */
function checkMethod(desc: DescMethod, timeoutMs: number | undefined): RpcMethod {
  return describeMethod(desc, policyOf('ACCESS_CONTROLLED', { timeoutMs }));
}

function encode({ path: method, guarded }: RpcMethod, { phase, messages, firstIndex }: Subject): Uint8Array {
  const typeUrl = (phase === 'request' ? guarded?.request : guarded?.response) ?? '';
  const values = messages.map((value) => ({ typeUrl, value: value as Uint8Array<ArrayBuffer> }));
  if (phase === 'chunk') {
    const init = { method, firstIndex: BigInt(firstIndex), messages: values };
    return toBinary(CheckChunkRequestSchema, create(CheckChunkRequestSchema, init));
  }
  const schema = phase === 'request' ? CheckRequestRequestSchema : CheckResponseRequestSchema;
  return toBinary(schema, create(schema, { method, ...(values[0] && { message: values[0] }) }));
}

function blocked({ phase }: Subject): GatewayError {
  return new GatewayError('CONTENT_BLOCKED', `The guardrail does not allow this ${nameOf(phase)}.`);
}

function undecided({ phase }: Subject, { outcome, reason }: Verdict): GatewayError {
  return new GatewayError('UPSTREAM_UNAVAILABLE', `The guardrail could not check this ${nameOf(phase)}.`, {
    cause: causeOf(phase, `${outcome} ${reason}`),
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}

/**
 * Returns the cause for the log. A request whose response is withheld was carried out, which idempotency keys need to
 * know.
 */
function causeOf(phase: GuardrailPhase, text: string): Error {
  const message = `guardrail check of ${phase}: ${text}`;
  return phase === 'request' ? new Error(message) : new WithheldResponse(message);
}

function nameOf(phase: GuardrailPhase): string {
  return phase === 'request' ? 'request' : 'response';
}

/** The context of a call that serves another one, and the function that ends the link between them. */
interface LinkedContext {
  readonly context: CallContext;
  /** Must be called when the serving call is over. */
  readonly unlink: () => void;
}

/**
 * Makes the context of a call that is made on behalf of another one: it has the same ids, caller and deadline and is
 * cancelled with it, but its events are not written to the log line of the request.
 */
function linkedContext({ context: cause, deadlineAt, signal }: StackCall): LinkedContext {
  const context = new CallContext(cause.requestId, cause.trace, performance.now(), Infinity);
  context.principal = cause.principal;
  context.outcome = cause.outcome;
  context.spans = cause.spans;
  // A request with less time left than the budget must not count against the guardrail when that time is over.
  context.clientDeadlineAt = deadlineAt;
  const cancel = () => context.cancel(GatewayError.from(signal.reason));
  if (signal.aborted) cancel();
  else signal.addEventListener('abort', cancel);
  return { context, unlink: () => signal.removeEventListener('abort', cancel) };
}
