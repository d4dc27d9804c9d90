import type { Metadata } from '@grpc/grpc-js';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type * as v1 from '../../src/gen/tenant/v1/tenant_pb.js';
import { holds, refuseEscalation } from '../backend/caller-rights.js';
import type { Wire } from '../backend/wire.js';
import { Directory } from '../data/directory.js';
import { Members } from './members.js';
import { Tenants } from './tenants.js';
import { Usage } from './usage.js';

/** tenant.v1.TenantService. */
@Controller()
export class TenantController {
  constructor(
    private readonly directory: Directory,
    private readonly tenants: Tenants,
    private readonly members: Members,
    private readonly usage: Usage,
  ) {}

  @GrpcMethod('TenantService')
  listTenants(request: Wire<v1.ListTenantsRequest>): Wire<v1.ListTenantsResponse> {
    const { page, nextPageToken } = this.tenants.list(request);
    return { tenants: page, nextPageToken };
  }

  @GrpcMethod('TenantService')
  getTenant({ tenantId }: Wire<v1.GetTenantRequest>): Wire<v1.Tenant> {
    return this.tenants.get(tenantId);
  }

  @GrpcMethod('TenantService')
  createTenant(request: Wire<v1.CreateTenantRequest>): Wire<v1.Tenant> {
    return this.tenants.create(request);
  }

  @GrpcMethod('TenantService')
  updateTenant(request: Wire<v1.UpdateTenantRequest>): Wire<v1.Tenant> {
    return this.tenants.update(request);
  }

  @GrpcMethod('TenantService')
  async deleteTenant({ tenantId }: Wire<v1.DeleteTenantRequest>): Promise<object> {
    await this.tenants.delete(tenantId);
    return {};
  }

  @GrpcMethod('TenantService')
  listMembers(request: Wire<v1.ListMembersRequest>): Wire<v1.ListMembersResponse> {
    const { page, nextPageToken } = this.members.list(request);
    return { members: page, nextPageToken };
  }

  @GrpcMethod('TenantService')
  addMember(request: Wire<v1.AddMemberRequest>, metadata: Metadata): Wire<v1.Member> {
    refuseEscalation(request.roles, metadata);
    return this.members.add(request, { acrossTenants: holds('*', metadata) });
  }

  @GrpcMethod('TenantService')
  removeMember({ tenantId, userId }: Wire<v1.RemoveMemberRequest>): object {
    this.members.remove(tenantId, userId);
    return {};
  }

  @GrpcMethod('TenantService')
  getTenantConfig({ tenantId }: Wire<v1.GetTenantConfigRequest>): Wire<v1.TenantConfig> {
    return this.tenants.config(tenantId);
  }

  @GrpcMethod('TenantService')
  updateTenantConfig(request: Wire<v1.UpdateTenantConfigRequest>): Wire<v1.TenantConfig> {
    return this.tenants.updateConfig(request);
  }

  @GrpcMethod('TenantService')
  getEntitlements({ tenantId }: Wire<v1.GetEntitlementsRequest>): Wire<v1.GetEntitlementsResponse> {
    const { plan, suspended } = this.tenants.get(tenantId);
    return { plan, suspended, rateLimitRps: 0, rateLimitBurst: 0, ...this.directory.planLimits.get(tenantId) };
  }

  @GrpcMethod('TenantService')
  reportUsage({ events }: Wire<v1.ReportUsageRequest>): Wire<v1.ReportUsageResponse> {
    return { accepted: this.usage.report(events) };
  }
}
