import { status } from '@grpc/grpc-js';
import type { Member, Tenant, TenantConfig, UsageEvent } from '../../src/gen/tenant/v1/tenant_pb.js';
import type { User } from '../../src/gen/user/v1/user_pb.js';
import { alreadyExists, notFound, rpcError } from '../backend/rpc-error.js';
import type { Wire } from '../backend/wire.js';
import { BoundedMap } from './bounded-map.js';
import { timestamp } from './timestamp.js';

const MAX_USERS = 10_000;
const MAX_TENANTS = 1_000;
const MAX_USAGE_EVENTS = 10_000;

/** Rate limit of a tenant's plan: tokens per second, and burst; 0 means the gateway's default. */
export interface PlanLimits {
  readonly rateLimitRps: number;
  readonly rateLimitBurst: number;
}

/**
 * Holds the data of the four backends of one sandbox, in memory. Real backends own a database each and tell each other of
 * changes; sharing one directory gives the same picture without that machinery.
 */
export class Directory {
  readonly users = new Map<string, Wire<User>>();
  readonly tenants = new Map<string, Wire<Tenant>>();
  readonly configs = new Map<string, Wire<TenantConfig>>();
  /** By tenant id, then by user id. */
  readonly members = new Map<string, Map<string, Wire<Member>>>();
  /** By tenant id. A tenant without an entry has a plan that sets no rate. */
  readonly planLimits = new Map<string, PlanLimits>();
  /** Ids of users whose e-mail address nobody with the right to say so has set: it proves nothing. */
  readonly unvouched = new Set<string>();
  /** Metered usage by event id; the oldest are forgotten. */
  readonly usage = new BoundedMap<string, Wire<UsageEvent>>(MAX_USAGE_EVENTS);

  /** Adds a tenant with default settings. Throws ALREADY_EXISTS or RESOURCE_EXHAUSTED. */
  addTenant(tenant: Wire<Tenant>, config: Wire<TenantConfig>): Wire<Tenant> {
    if (this.tenants.has(tenant.id)) throw alreadyExists('tenant', tenant.id);
    this.refuseTakenDomain(tenant);
    refuseWhenFull('tenants', this.tenants.size, MAX_TENANTS);
    this.tenants.set(tenant.id, tenant);
    this.configs.set(tenant.id, config);
    this.members.set(tenant.id, new Map());
    return tenant;
  }

  /** Throws ALREADY_EXISTS when the people of this domain already sign in to another tenant. */
  refuseTakenDomain({ id, domain }: Wire<Tenant>): void {
    const key = domain.toLowerCase();
    const isTaken = [...this.tenants.values()].some((other) => other.id !== id && other.domain.toLowerCase() === key);
    if (domain !== '' && isTaken) throw alreadyExists('tenant with domain', domain);
  }

  /** Adds a user and makes it a member of its tenant. Throws ALREADY_EXISTS, NOT_FOUND or RESOURCE_EXHAUSTED. */
  addUser(user: Wire<User>): Wire<User> {
    if (!this.tenants.has(user.tenantId)) throw notFound('tenant', user.tenantId);
    refuseWhenFull('users', this.users.size, MAX_USERS);
    this.refuseTaken(user);
    this.users.set(user.id, user);
    this.members.get(user.tenantId)?.set(user.id, memberOf(user));
    return user;
  }

  /** Throws ALREADY_EXISTS when another user of the tenant has this e-mail address or user name. */
  refuseTaken(user: Wire<User>): void {
    for (const other of this.usersOf(user.tenantId)) {
      if (other.id === user.id) continue;
      if (other.email === user.email) throw alreadyExists('user with e-mail', user.email);
      if (other.username === user.username) throw alreadyExists('user with name', user.username);
    }
  }

  /** Notes whether the e-mail address of a user was set by somebody who may say whose it is. */
  vouch(userId: string, isVouched: boolean): void {
    if (isVouched) this.unvouched.delete(userId);
    else this.unvouched.add(userId);
  }

  /** The users of one tenant. */
  usersOf(tenantId: string): Wire<User>[] {
    return [...this.users.values()].filter((user) => user.tenantId === tenantId);
  }

  /** One user of one tenant; another tenant's user is as unknown as one that does not exist. Throws NOT_FOUND. */
  userOf(tenantId: string, userId: string): Wire<User> {
    const user = this.users.get(userId);
    if (user === undefined || user.tenantId !== tenantId) throw notFound('user', userId);
    return user;
  }

  /** Keeps a user from signing in. */
  suspend(userId: string): void {
    const user = this.users.get(userId);
    if (user !== undefined) this.users.set(userId, { ...user, status: 'USER_STATUS_SUSPENDED' });
  }

  removeUser(userId: string): void {
    this.users.delete(userId);
    this.unvouched.delete(userId);
    for (const members of this.members.values()) members.delete(userId);
  }

  removeTenant(tenantId: string): void {
    for (const user of this.usersOf(tenantId)) this.removeUser(user.id);
    this.tenants.delete(tenantId);
    this.configs.delete(tenantId);
    this.members.delete(tenantId);
    this.planLimits.delete(tenantId);
  }
}

function memberOf(user: Wire<User>): Wire<Member> {
  return { tenantId: user.tenantId, userId: user.id, roles: user.roles, joinTime: user.createTime ?? timestamp(0) };
}

function refuseWhenFull(things: string, size: number, limit: number): void {
  if (size >= limit) throw rpcError(status.RESOURCE_EXHAUSTED, `the sandbox keeps at most ${limit} ${things}`);
}
