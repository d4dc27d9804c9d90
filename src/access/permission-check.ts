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

/** What AuthService said of one credential and one set of permissions. */
interface Verdict {
  /** Those asked for that the caller holds. */
  readonly granted: readonly string[];
  /** Callers with these as their permissions, one object each: what backends are told is remembered by it. */
  readonly callers: WeakMap<Principal, Principal>;
  /** In `performance.now()` ms. */
  readonly until: number;
}

const GRANTED_FOR_MS = 30_000;
/** Short, so that a right that was just given works soon, and long enough that nobody hammers AuthService through it. */
const REFUSED_FOR_MS = 5_000;
const MAX_VERDICTS = 10_000;
const TIMEOUT_MS = 5_000;
const RETRY_AFTER_SECONDS = 5;

/** Asks AuthService what a caller may do whose credential says nothing of rights. */
export class PermissionCheck {
  private readonly verdicts = new LruMap<string, Verdict>(MAX_VERDICTS);
  private readonly flights = new SingleFlight<Verdict>();
  private readonly method = internalMethod(AuthService.method.checkPermission);

  constructor(
    private readonly stack: CallStack,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Returns the number of answers dropped so far because too many were kept. */
  get evicted(): number {
    return this.verdicts.evicted;
  }

  /** Returns how many requests wait, and how long others did, for an answer that another one asked for. */
  get flight(): FlightReport {
    return this.flights.report;
  }

  /** Whether AuthService is the one to ask: the credential says nothing of rights, and the policy wants permissions. An empty list says something: none. */
  static decides(principal: Principal, policy: Policy): boolean {
    if (policy.access !== 'ACCESS_CONTROLLED' || policy.permissions.length === 0) return false;
    return principal.permissions === undefined && principal.roles.length === 0;
  }

  /**
   * The caller with the permissions that AuthService grants, out of those that the policy asks for, the privileged one
   * included. Rejects with AUTH_UNAVAILABLE when AuthService cannot say: that is neither a yes nor a no.
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

/** The privileged permission is asked for along with the others: an answer without it refuses only what it protects. */
function permissionsIn({ permissions, privileged }: Policy): readonly string[] {
  if (privileged === undefined || permissions.includes(privileged.permission)) return permissions;
  return [...permissions, privileged.permission];
}

/** A refusal of the service's own is an answer; whatever else went wrong is none. */
function toRefusal(error: unknown): string[] {
  if (error instanceof GatewayError && (error.code === 'PERMISSION_DENIED' || error.code === 'NOT_FOUND')) return [];
  throw new GatewayError('AUTH_UNAVAILABLE', 'service unavailable: permissions cannot be checked now', {
    decisionReason: 'AUTH_UPSTREAM_UNAVAILABLE',
    cause: error,
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}
