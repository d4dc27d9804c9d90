import { randomBytes } from 'node:crypto';
import { uuidV7 } from '../domain/uuid-v7.js';
import { internalMethod } from '../contract/internal-method.js';
import { CallContext } from '../domain/call-context.js';
import { GatewayError } from '../domain/errors.js';
import type { Principal } from '../domain/principal.js';
import { TenantService } from '../gen/tenant/v1/tenant_pb.js';
import type { CallStack } from '../traffic/stack.js';
import { reportRequest, type UsageRecord } from './usage-record.js';

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

/** Returns a separate, unsampled trace context (W3C Trace Context): no request caused this call. */
function traceparent(): string {
  const ids = randomBytes(24).toString('hex');
  return `00-${ids.slice(0, 32)}-${ids.slice(32)}-00`;
}
