import { status } from '@grpc/grpc-js';
import { Injectable } from '@nestjs/common';
import type {
  CreateTenantRequest,
  ListTenantsRequest,
  Tenant,
  TenantConfig,
  UpdateTenantConfigRequest,
  UpdateTenantRequest,
} from '../../src/gen/tenant/v1/tenant_pb.js';
import { fieldsToUpdate } from '../backend/field-mask.js';
import { pageOf } from '../backend/page.js';
import { emptyFields, invalidArgument, notFound, refuseIfAny, rpcError } from '../backend/rpc-error.js';
import type { Wire } from '../backend/wire.js';
import { Directory } from '../data/directory.js';
import { defaultConfig } from '../data/seed.js';
import { Revocations } from '../data/revocations.js';
import { timestamp } from '../data/timestamp.js';

const TENANT_ID = /^[a-z0-9-]{2,40}$/;
const LOGIN_IDENTIFIERS = ['email', 'username'];
const WRITABLE = ['name', 'domain', 'plan', 'suspended'] as const;
const WRITABLE_CONFIG = [
  'allowedLoginIdentifiers',
  'requireMfa',
  'allowRegistration',
  'logoUrl',
  'sessionIdleTimeout',
  'settings',
] as const;

/** Tenants and their settings. */
@Injectable()
export class Tenants {
  constructor(
    private readonly directory: Directory,
    private readonly revocations: Revocations,
  ) {}

  /** Returns the requested tenant, or all of them if none is named. Throws NOT_FOUND or INVALID_ARGUMENT. */
  list(request: Wire<ListTenantsRequest>) {
    const all = request.tenantId === '' ? this.directory.tenants.values() : [this.get(request.tenantId)];
    return pageOf(all, (tenant) => tenant.id, request);
  }

  /** Throws NOT_FOUND. */
  get(tenantId: string): Wire<Tenant> {
    refuseIfAny(emptyFields({ tenant_id: tenantId }));
    const tenant = this.directory.tenants.get(tenantId);
    if (tenant === undefined) throw notFound('tenant', tenantId);
    return tenant;
  }

  /** Throws INVALID_ARGUMENT or ALREADY_EXISTS. */
  create({ id, name, domain, plan }: Wire<CreateTenantRequest>): Wire<Tenant> {
    const violations = emptyFields({ name });
    if (!TENANT_ID.test(id)) violations.push({ field: 'id', description: 'must be 2 to 40 of a-z, 0-9 and "-"' });
    refuseIfAny(violations);
    const createTime = timestamp(Date.now());
    const tenant = { id, name, domain, plan: plan || 'free', suspended: false, createTime, updateTime: createTime };
    return this.directory.addTenant(tenant, defaultConfig(id));
  }

  /** Throws INVALID_ARGUMENT, NOT_FOUND, or ALREADY_EXISTS for the domain of another tenant. */
  update({ tenantId, tenant: sent, updateMask }: Wire<UpdateTenantRequest>): Wire<Tenant> {
    const current = this.get(tenantId);
    if (sent === null || sent === undefined) throw invalidArgument([{ field: 'tenant', description: 'must be set' }]);
    const changes = Object.fromEntries(fieldsToUpdate(updateMask, WRITABLE).map((field) => [field, sent[field]]));
    const changed: Wire<Tenant> = { ...current, ...changes, updateTime: timestamp(Date.now()) };
    refuseIfAny(emptyFields({ 'tenant.name': changed.name }));
    this.directory.refuseTakenDomain(changed);
    this.directory.tenants.set(tenantId, changed);
    return changed;
  }

  /** Throws NOT_FOUND, FAILED_PRECONDITION for the tenant of the operators themselves, or UNAVAILABLE: its users can no longer sign in then, and it can be deleted again. */
  async delete(tenantId: string): Promise<void> {
    this.get(tenantId);
    if (tenantId === 'platform') throw rpcError(status.FAILED_PRECONDITION, 'tenant "platform" cannot be deleted');
    for (const { id } of this.directory.usersOf(tenantId)) this.directory.suspend(id);
    await this.revocations.endTenant(tenantId);
    this.directory.removeTenant(tenantId);
  }

  /** Throws NOT_FOUND. */
  config(tenantId: string): Wire<TenantConfig> {
    return this.directory.configs.get(this.get(tenantId).id) ?? defaultConfig(tenantId);
  }

  /** Throws INVALID_ARGUMENT or NOT_FOUND. */
  updateConfig({ tenantId, config: sent, updateMask }: Wire<UpdateTenantConfigRequest>): Wire<TenantConfig> {
    const current = this.config(tenantId);
    if (sent === null || sent === undefined) throw invalidArgument([{ field: 'config', description: 'must be set' }]);
    const fields = fieldsToUpdate(updateMask, WRITABLE_CONFIG);
    const changed: Wire<TenantConfig> = {
      ...current,
      ...Object.fromEntries(fields.map((field) => [field, sent[field]])),
    };
    refuseIfAny(loginIdentifierViolations(changed.allowedLoginIdentifiers));
    this.directory.configs.set(tenantId, changed);
    return changed;
  }
}

function loginIdentifierViolations(identifiers: readonly string[]) {
  const isKnown = identifiers.length > 0 && identifiers.every((identifier) => LOGIN_IDENTIFIERS.includes(identifier));
  return isKnown
    ? []
    : [{ field: 'config.allowed_login_identifiers', description: 'must be "email", "username" or both' }];
}
