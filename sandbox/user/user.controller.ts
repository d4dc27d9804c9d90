import type { Metadata } from '@grpc/grpc-js';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type {
  CreateUserRequest,
  DeleteUserRequest,
  GetUserRequest,
  ListUsersRequest,
  ListUsersResponse,
  SearchUsersRequest,
  SearchUsersResponse,
  UpdateUserRequest,
  User,
} from '../../src/gen/user/v1/user_pb.js';
import { holds, refuseAboveCaller, refuseEscalation } from '../backend/caller-rights.js';
import type { Wire } from '../backend/wire.js';
import { Directory } from '../data/directory.js';
import { Revocations } from '../data/revocations.js';
import { Users } from './users.js';

/** Permissions to set an e-mail address, by which users then sign in. */
const USER_ADMIN = 'user.admin';

/** user.v1.UserService. */
@Controller()
export class UserController {
  constructor(
    private readonly users: Users,
    private readonly directory: Directory,
    private readonly revocations: Revocations,
  ) {}

  @GrpcMethod('UserService')
  listUsers(sent: Wire<ListUsersRequest>, metadata: Metadata): Wire<ListUsersResponse> {
    const request = inTenant(sent, metadata);
    const { page, nextPageToken } = this.users.list(request.tenantId, request);
    return { users: page, nextPageToken };
  }

  @GrpcMethod('UserService')
  searchUsers(sent: Wire<SearchUsersRequest>, metadata: Metadata): Wire<SearchUsersResponse> {
    const request = inTenant(sent, metadata);
    const { page, nextPageToken } = this.users.search(request);
    return { users: page, nextPageToken };
  }

  @GrpcMethod('UserService')
  getUser(sent: Wire<GetUserRequest>, metadata: Metadata): Wire<User> {
    const { tenantId, userId } = inTenant(sent, metadata);
    return this.users.get(tenantId, userId);
  }

  @GrpcMethod('UserService')
  createUser(sent: Wire<CreateUserRequest>, metadata: Metadata): Wire<User> {
    refuseEscalation(sent.roles, metadata);
    return this.users.create(inTenant(sent, metadata), { isVouched: holds(USER_ADMIN, metadata) });
  }

  @GrpcMethod('UserService')
  async updateUser(sent: Wire<UpdateUserRequest>, metadata: Metadata): Promise<Wire<User>> {
    refuseEscalation(sent.user?.roles ?? [], metadata);
    const user = this.users.update(inTenant(sent, metadata), {
      isVouched: holds(USER_ADMIN, metadata),
      authorize: (target) => refuseAboveCaller(target, metadata),
    });
    if (user.status !== 'USER_STATUS_ACTIVE') await this.revocations.endSubject(user.id);
    return user;
  }

  @GrpcMethod('UserService')
  async deleteUser(sent: Wire<DeleteUserRequest>, metadata: Metadata): Promise<object> {
    const { tenantId, userId } = inTenant(sent, metadata);
    refuseAboveCaller(this.users.get(tenantId, userId), metadata);
    // If the feed cannot be reached, nobody signs in as this user meanwhile, and the deletion can be tried again.
    this.directory.suspend(userId);
    await this.revocations.endSubject(userId);
    this.users.delete(tenantId, userId);
    return {};
  }
}

/** The gateway always names the tenant, except for callers with access to all tenants who named none: they mean their own. */
function inTenant<T extends { readonly tenantId: string }>(request: T, metadata: Metadata): T {
  if (request.tenantId !== '') return request;
  return { ...request, tenantId: decodeURIComponent(String(metadata.get('x-gateway-tenant')[0] ?? '')) };
}
