import { Injectable } from '@nestjs/common';
import type { AddMemberRequest, ListMembersRequest, Member } from '../../src/gen/tenant/v1/tenant_pb.js';
import { pageOf } from '../backend/page.js';
import { alreadyExists, emptyFields, notFound, refuseIfAny } from '../backend/rpc-error.js';
import type { Wire } from '../backend/wire.js';
import { Directory } from '../data/directory.js';
import { timestamp } from '../data/timestamp.js';

/** Membership of users in tenants. */
@Injectable()
export class Members {
  constructor(private readonly directory: Directory) {}

  /** Throws NOT_FOUND or INVALID_ARGUMENT. */
  list(request: Wire<ListMembersRequest>) {
    return pageOf(this.#of(request.tenantId).values(), (member) => member.userId, request);
  }

  /**
   * Throws NOT_FOUND for an unknown tenant or user, ALREADY_EXISTS for a member. A user of another tenant is as unknown
   * as one that does not exist, unless the caller reaches over tenants: nobody is taken in without being asked, and
   * ids of others cannot be tried.
   */
  add(
    { tenantId, userId, roles }: Wire<AddMemberRequest>,
    { acrossTenants }: { acrossTenants: boolean },
  ): Wire<Member> {
    const members = this.#of(tenantId);
    refuseIfAny(emptyFields({ user_id: userId }));
    const user = this.directory.users.get(userId);
    if (user === undefined || !(acrossTenants || user.tenantId === tenantId)) throw notFound('user', userId);
    if (members.has(userId)) throw alreadyExists('member', userId);
    const member = { tenantId, userId, roles: roles.length > 0 ? roles : ['viewer'], joinTime: timestamp(Date.now()) };
    members.set(userId, member);
    return member;
  }

  /** Throws NOT_FOUND. */
  remove(tenantId: string, userId: string): void {
    if (!this.#of(tenantId).delete(userId)) throw notFound('member', userId);
  }

  #of(tenantId: string): Map<string, Wire<Member>> {
    refuseIfAny(emptyFields({ tenant_id: tenantId }));
    const members = this.directory.members.get(tenantId);
    if (members === undefined) throw notFound('tenant', tenantId);
    return members;
  }
}
