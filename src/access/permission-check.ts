import type { FlightReport } from '../observe/bounded-metrics.js';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { internalMethod } from '../contract/internal-method.js';
import type { CallContext } from '../domain/call-context.js';
import { withinTenant } from '../domain/grant.js';
import { GatewayError } from '../domain/errors.js';
import type { Policy } from '../domain/policy.js';
import type { Principal } from '../domain/principal.js';
import { AuthService, CheckPermissionRequestSchema, CheckPermissionResponseSchema } from '../gen/auth/v1/auth_pb.js';
import { LruMap } from '../traffic/lru-map.js';
import { sharedContext } from '../traffic/shared-context.js';
import { SingleFlight } from '../traffic/single-flight.js';
import type { CallStack } from '../traffic/stack.js';

/** AuthService's response for one credential and one set of permissions. */
interface Verdict {
  /** Requested permissions that the caller holds. */
  readonly granted: readonly string[];
  /**
   * Callers with these permissions, one object per original caller, since the metadata for backends is cached by it.
   */
  readonly callers: WeakMap<Principal, Principal>;
  /** Expiry in `performance.now()` ms. */
  readonly until: number;
}

const GRANTED_FOR_MS = 30_000;
/**
 * Lifetime of a refusal, in ms: short, so that a new grant takes effect soon, and long enough to protect AuthService.
 */
const REFUSED_FOR_MS = 5_000;
const MAX_VERDICTS = 10_000;
const TIMEOUT_MS = 5_000;
const RETRY_AFTER_SECONDS = 5;

/** Asks AuthService for the permissions of a caller whose credential does not state any. */
export class PermissionCheck {
  private readonly verdicts = new LruMap<string, Verdict>(MAX_VERDICTS);
  private readonly flights = new SingleFlight<Verdict>();
  private readonly method = internalMethod(AuthService.method.checkPermission);

  constructor(
    private readonly stack: CallStack,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Returns the number of responses dropped so far because the cache was full. */
  get evicted(): number {
    return this.verdicts.evicted;
  }

  /**
   * Returns how many requests wait for a response that another request asked for, and how long such requests waited.
   */
  get flight(): FlightReport {
    return this.flights.report;
  }

  /**
   * Returns true if AuthService must be asked: the credential does not state permissions and the policy requires some.
   * An empty list states that there are none.
   */
  static decides(principal: Principal, policy: Policy): boolean {
    if (policy.access !== 'ACCESS_CONTROLLED' || policy.permissions.length === 0) return false;
    return principal.permissions === undefined && principal.roles.length === 0;
  }

  /**
   * Returns the caller with those permissions of the policy, including the privileged one, that AuthService grants.
   * Rejects with AUTH_UNAVAILABLE when AuthService cannot be reached.
   */
  async grant(call: CallContext, principal: Principal, policy: Policy): Promise<Principal> {
    const { granted, callers } = await this.verdict(call, principal, permissionsIn(policy));
    let caller = callers.get(principal);
    if (caller !== undefined) return caller;
    const permissions = principal.tenantBound ? granted.map(withinTenant) : granted;
    callers.set(principal, (caller = Object.freeze({ ...principal, permissions })));
    return caller;
  }

  private async verdict(call: CallContext, principal: Principal, permissions: readonly string[]): Promise<Verdict> {
    const { issuer, tenantId, subject, authMethod, tokenId } = principal;
    const key = JSON.stringify([issuer, tenantId, subject, authMethod, tokenId, ...permissions]);
    const known = this.verdicts.get(key);
    if (known !== undefined && this.now() < known.until) return known;
    return this.flights.run(key, async () => {
      const granted = await this.ask(call, principal, permissions).catch(toRefusal);
      const lifeMs = granted.length === permissions.length ? GRANTED_FOR_MS : REFUSED_FOR_MS;
      const verdict = { granted: Object.freeze(granted), callers: new WeakMap(), until: this.now() + lifeMs };
      this.verdicts.set(key, verdict);
      return verdict;
    });
  }

  private async ask(call: CallContext, principal: Principal, permissions: readonly string[]): Promise<string[]> {
    const { subject, tenantId, authMethod, issuer, tokenId } = principal;
    const credential = { authMethod, issuer, id: tokenId };
    const message = create(CheckPermissionRequestSchema, {
      subject,
      tenantId,
      permissions: [...permissions],
      credential,
    });
    const request = toBinary(CheckPermissionRequestSchema, message);
    const context = sharedContext(call, principal, TIMEOUT_MS);
    const { deadlineAt } = context;
    const answer = await this.stack.unary({ context, method: this.method, request, deadlineAt });
    const { allowed, granted } = fromBinary(CheckPermissionResponseSchema, answer);
    return permissions.filter((permission) => allowed || granted.includes(permission));
  }
}

/** Includes the privileged permission: a response without it denies only what it protects. */
function permissionsIn({ permissions, privileged }: Policy): readonly string[] {
  if (privileged === undefined || permissions.includes(privileged.permission)) return permissions;
  return [...permissions, privileged.permission];
}

/** Maps AuthService's own refusal to an empty list; every other failure becomes AUTH_UNAVAILABLE. */
function toRefusal(error: unknown): string[] {
  if (error instanceof GatewayError && (error.code === 'PERMISSION_DENIED' || error.code === 'NOT_FOUND')) return [];
  throw new GatewayError('AUTH_UNAVAILABLE', 'service unavailable: permissions cannot be checked now', {
    decisionReason: 'AUTH_UPSTREAM_UNAVAILABLE',
    cause: error,
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}
