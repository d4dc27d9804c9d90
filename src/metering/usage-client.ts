import { randomBytes } from 'node:crypto';
import { create, toBinary } from '@bufbuild/protobuf';
import { uuidV7 } from '../domain/uuid-v7.js';
import { internalMethod } from '../contract/internal-method.js';
import { CallContext } from '../domain/call-context.js';
import { GatewayError } from '../domain/errors.js';
import type { Principal } from '../domain/principal.js';
import { ReportUsageRequestSchema, TenantService } from '../gen/tenant/v1/tenant_pb.js';
import type { CallStack } from '../traffic/stack.js';
import type { GrpcCode } from '../grpc/grpc-code.js';
import { GrpcFailure } from '../grpc/grpc-failure.js';
import type { UsageRecord } from './usage-ring.js';

/** Maximum time of one report, in ms; the timeout of the upstream is usually shorter. */
const TIMEOUT_MS = 10_000;

/** Principal of the gateway itself, since a batch contains events of many tenants. */
const GATEWAY: Principal = Object.freeze({
  subject: 'api-gateway',
  tenantId: '',
  identityType: 'service',
  authMethod: 'none',
  issuer: '',
  roles: [],
  permissions: [],
  expiresAt: Infinity,
  tokenId: '',
});

/** Reports usage to TenantService through the call stack, with the same protections as any other call. */
export class UsageClient {
  private readonly method = internalMethod(TenantService.method.reportUsage);
  private context: CallContext | undefined;

  constructor(private readonly stack: CallStack) {}

  /** Sends one batch. Rejects with a GatewayError. */
  async report(records: readonly UsageRecord[]): Promise<void> {
    const now = performance.now();
    const context = new CallContext(uuidV7(), { traceparent: traceparent(), tracestate: '' }, now, now + TIMEOUT_MS);
    context.principal = GATEWAY;
    this.context = context;
    const { deadlineAt } = context;
    await this.stack.unary({ context, method: this.method, request: reportRequest(records), deadlineAt });
  }

  /** Cancels the report in progress, if there is one. */
  stop(): void {
    this.context?.cancel(new GatewayError('DRAINING', 'The gateway is shutting down.'));
  }
}

/** Encodes a tenant.v1.ReportUsageRequest with the events in their order. */
function reportRequest(records: readonly UsageRecord[]): Uint8Array {
  const events = records.map(({ id, tenantId, subject, meter, quantity, occurredAt }) => ({
    id,
    tenantId,
    subject,
    meter,
    quantity: BigInt(quantity),
    occurTime: { seconds: BigInt(Math.floor(occurredAt / 1000)), nanos: (occurredAt % 1000) * 1_000_000 },
  }));
  return toBinary(ReportUsageRequestSchema, create(ReportUsageRequestSchema, { events }));
}

/** Returns a separate, unsampled trace context (W3C Trace Context): no request caused this call. */
function traceparent(): string {
  const ids = randomBytes(24).toString('hex');
  return `00-${ids.slice(0, 32)}-${ids.slice(32)}-00`;
}

/** Treatment of events that were not accepted: send them again, or drop them since every attempt would fail. */
export type Verdict = 'retry' | 'reject';

/**
 * Treatment by the status of TenantService. `reject` corresponds to a 4xx status in HTTP, except for the two transient
 * ones.
 */
const VERDICTS: Readonly<Record<GrpcCode, Verdict>> = {
  OK: 'retry',
  CANCELLED: 'retry',
  UNKNOWN: 'retry',
  INVALID_ARGUMENT: 'reject',
  DEADLINE_EXCEEDED: 'retry',
  NOT_FOUND: 'reject',
  ALREADY_EXISTS: 'reject',
  PERMISSION_DENIED: 'reject',
  RESOURCE_EXHAUSTED: 'retry',
  FAILED_PRECONDITION: 'reject',
  ABORTED: 'retry',
  OUT_OF_RANGE: 'reject',
  UNIMPLEMENTED: 'reject',
  INTERNAL: 'retry',
  UNAVAILABLE: 'retry',
  DATA_LOSS: 'retry',
  UNAUTHENTICATED: 'reject',
};

/**
 * Returns the treatment of a failed report. Only TenantService itself rejects events: a proxy's 403 and the gateway's
 * open circuit breaker do not. A batch that is too large counts as rejected, so that its events are sent one by one.
 */
export function verdictOf(error: unknown): Verdict {
  if (!(error instanceof GatewayError)) return 'retry';
  if (error.code === 'PAYLOAD_TOO_LARGE') return 'reject';
  const { cause } = error;
  return cause instanceof GrpcFailure && cause.origin === 'app' ? VERDICTS[cause.grpcCode] : 'retry';
}

/**
 * Returns the reason of a failed report for a log line: the gRPC code if there is one. The backend's message may repeat
 * what it was sent.
 */
export function reasonOf(error: unknown): string {
  if (!(error instanceof GatewayError)) return error instanceof Error ? error.name : 'unknown';
  return error.cause instanceof GrpcFailure ? error.cause.grpcCode : error.code;
}
