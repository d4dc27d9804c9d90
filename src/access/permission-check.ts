import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { internalMethod } from '../contract/internal-method.js';
import type { CallContext } from '../domain/call-context.js';
import { GatewayError } from '../domain/errors.js';
import type { Policy } from '../domain/policy.js';
import type { Principal } from '../domain/principal.js';
import { AuthService, CheckPermissionRequestSchema, CheckPermissionResponseSchema } from '../gen/auth/v1/auth_pb.js';
import { LruMap } from '../traffic/lru-map.js';
import { sharedContext } from '../traffic/shared-context.js';
import { SingleFlight } from '../traffic/single-flight.js';
import type { CallStack } from '../traffic/stack.js';
import { DECISIONS, type Decision } from './decision.js';
import { parseGrant } from './permissions.js';

interface Verdict {
  readonly allowed: boolean;
  /** In `performance.now()` ms. */
  readonly until: number;
}

const ALLOWED_FOR_MS = 30_000;
/** Short, so that a right that was just given works soon, and long enough that nobody hammers AuthService through it. */
const REFUSED_FOR_MS = 5_000;
const MAX_VERDICTS = 10_000;
const TIMEOUT_MS = 5_000;
const RETRY_AFTER_SECONDS = 5;

/** Asks AuthService what a caller may do whose credential says nothing of rights (row 003-3). */
export class PermissionCheck {
  private readonly verdicts = new LruMap<string, Verdict>(MAX_VERDICTS);
  private readonly flights = new SingleFlight<boolean>();
  private readonly method = internalMethod(AuthService.method.checkPermission);

  constructor(
    private readonly stack: CallStack,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Whether AuthService is the one to ask: the credential names no rights, and the policy wants permissions. */
  static decides(principal: Principal, policy: Policy): boolean {
    if (policy.access !== 'ACCESS_CONTROLLED' || policy.permissions.length === 0) return false;
    return principal.permissions.length === 0 && principal.roles.length === 0;
  }

  /** Rejects with AUTH_UNAVAILABLE when AuthService cannot say: that is neither a yes nor a no. */
  async decide(call: CallContext, principal: Principal, policy: Policy): Promise<Decision> {
    if (!(await this.isAllowed(call, principal, policy.permissions))) return DECISIONS.missing;
    return policy.permissions.every(reachesAll) ? DECISIONS.acrossTenants : DECISIONS.byPermission;
  }

  private isAllowed(call: CallContext, principal: Principal, permissions: readonly string[]): Promise<boolean> {
    const { issuer, tenantId, subject } = principal;
    const key = JSON.stringify([issuer, tenantId, subject, ...permissions]);
    const verdict = this.verdicts.get(key);
    if (verdict !== undefined && this.now() < verdict.until) return Promise.resolve(verdict.allowed);
    return this.flights.run(key, async () => {
      const allowed = await this.ask(call, principal, permissions).catch(toVerdict);
      this.verdicts.set(key, { allowed, until: this.now() + (allowed ? ALLOWED_FOR_MS : REFUSED_FOR_MS) });
      return allowed;
    });
  }

  private async ask(call: CallContext, principal: Principal, permissions: readonly string[]): Promise<boolean> {
    const { subject, tenantId } = principal;
    const message = create(CheckPermissionRequestSchema, { subject, tenantId, permissions: [...permissions] });
    const request = toBinary(CheckPermissionRequestSchema, message);
    const context = sharedContext(call, principal, TIMEOUT_MS);
    const { deadlineAt } = context;
    const answer = await this.stack.unary({ context, method: this.method, request, deadlineAt });
    return fromBinary(CheckPermissionResponseSchema, answer).allowed;
  }
}

function reachesAll(permission: string): boolean {
  return parseGrant(permission)?.scope === 'all';
}

/** A refusal of the service's own is an answer; whatever else went wrong is none. */
function toVerdict(error: unknown): false {
  if (error instanceof GatewayError && (error.code === 'PERMISSION_DENIED' || error.code === 'NOT_FOUND')) return false;
  throw new GatewayError('AUTH_UNAVAILABLE', 'service unavailable: permissions cannot be checked now', {
    decisionReason: 'AUTH_UPSTREAM_UNAVAILABLE',
    cause: error,
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}
