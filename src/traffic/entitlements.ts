import type { FlightReport } from '../observe/bounded-metrics.js';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { internalMethod } from '../contract/internal-method.js';
import type { CallContext } from '../domain/call-context.js';
import { GatewayError } from '../domain/errors.js';
import type { Principal } from '../domain/principal.js';
import {
  GetEntitlementsRequestSchema,
  type GetEntitlementsResponse,
  GetEntitlementsResponseSchema,
  TenantService,
} from '../gen/tenant/v1/tenant_pb.js';
import { LruMap } from './lru-map.js';
import { sharedContext } from './shared-context.js';
import { SingleFlight } from './single-flight.js';
import type { CallStack } from './stack.js';

/** Plan and limits of a tenant; a rate of 0 means the gateway's default. */
export type Entitlements = Readonly<
  Pick<GetEntitlementsResponse, 'plan' | 'rateLimitRps' | 'rateLimitBurst' | 'suspended'>
>;

/** The last response of TenantService, if there was one, and when to ask again in `performance.now()` ms. */
interface Entry {
  readonly entitlements: Entitlements | undefined;
  readonly askAgainAt: number;
  readonly askedAt: number;
}

/** How long a response is used before it is refreshed. A suspension reaches every instance within this time. */
const FRESH_MS = 60_000;
/** Pause after a failed call to TenantService. */
const RETRY_MS = 5_000;
/** Longest wait of the first request of a tenant. */
const WAIT_MS = 1_000;
const MAX_TENANTS = 10_000;

/** Entitlements of a tenant that TenantService does not know: its services have no data of it either, and say so. */
const UNKNOWN_TENANT: Entitlements = Object.freeze({
  plan: '',
  rateLimitRps: 0,
  rateLimitBurst: 0,
  suspended: false,
});

/**
 * Holds the entitlements of tenants, from TenantService. Only the first request of a tenant waits for them; later
 * ones use the known value, which is refreshed in the background once it is outdated. While TenantService is down the
 * last value stays in use.
 */
export class TenantEntitlements {
  private readonly entries = new LruMap<string, Entry>(MAX_TENANTS);
  private readonly flights = new SingleFlight<Entitlements | undefined>();
  private renewedAt = -Infinity;
  private readonly method = internalMethod(TenantService.method.getEntitlements);

  /** @param stack undefined without TenantService: then no tenant is ever known. */
  constructor(
    private readonly stack: CallStack | undefined,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Returns the number of tenants dropped so far because there were too many. */
  get evicted(): number {
    return this.entries.evicted;
  }

  /** Returns how many requests wait, and how long others waited, for entitlements that another request asked for. */
  get flight(): FlightReport {
    return this.flights.report;
  }

  /** Returns the known entitlements of a tenant without a call. */
  known(tenantId: string): Entitlements | undefined {
    return this.entries.get(tenantId)?.entitlements;
  }

  /**
   * Returns the entitlements of the caller's tenant; undefined while TenantService has never answered. Never rejects.
   */
  find(call: CallContext): Entitlements | undefined | Promise<Entitlements | undefined> {
    const { stack } = this;
    if (stack === undefined) return undefined;
    const entry = this.entries.get(call.tenantId);
    if (entry === undefined) return this.renew(stack, call);
    if (this.now() >= entry.askAgainAt || entry.askedAt < this.renewedAt) void this.renew(stack, call);
    return entry.entitlements;
  }

  private renew(stack: CallStack, call: CallContext): Promise<Entitlements | undefined> {
    const { tenantId } = call;
    return this.flights.run(tenantId, async () => {
      const askedAt = this.now();
      const answer = await this.ask(stack, call).catch(() => undefined);
      const entitlements = answer ?? this.known(tenantId);
      const askAgainAt = this.now() + (answer === undefined ? RETRY_MS : FRESH_MS);
      this.entries.set(tenantId, { entitlements, askAgainAt, askedAt });
      return entitlements;
    });
  }

  /** Has the entitlements of each tenant refreshed by its next request; the known values stay in use until then. */
  renewAll(): void {
    this.renewedAt = this.now();
  }

  private async ask(stack: CallStack, call: CallContext): Promise<Entitlements> {
    const { tenantId } = call;
    const context = sharedContext(call, gatewayOf(tenantId), WAIT_MS);
    const request = toBinary(GetEntitlementsRequestSchema, create(GetEntitlementsRequestSchema, { tenantId }));
    try {
      const { deadlineAt } = context;
      return fromBinary(
        GetEntitlementsResponseSchema,
        await stack.unary({ context, method: this.method, request, deadlineAt }),
      );
    } catch (error) {
      if (error instanceof GatewayError && error.code === 'NOT_FOUND') return UNKNOWN_TENANT;
      throw error;
    }
  }
}

/**
 * Returns the principal of the call: the gateway itself, in the name of one tenant, whichever of its users came
 * first.
 */
function gatewayOf(tenantId: string): Principal {
  return {
    subject: 'api-gateway',
    tenantId,
    identityType: 'service',
    authMethod: 'none',
    issuer: '',
    roles: [],
    permissions: [],
    expiresAt: Infinity,
    tokenId: '',
  };
}
