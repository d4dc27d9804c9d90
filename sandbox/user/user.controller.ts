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
import type { Wire } from '../backend/wire.js';
import { Users } from './users.js';

/** user.v1.UserService. */
@Controller()
export class UserController {
  constructor(private readonly users: Users) {}

  @GrpcMethod('UserService')
  listUsers(request: Wire<ListUsersRequest>): Wire<ListUsersResponse> {
    const { page, nextPageToken } = this.users.list(request.tenantId, request);
    return { users: page, nextPageToken };
  }

  @GrpcMethod('UserService')
  searchUsers(request: Wire<SearchUsersRequest>): Wire<SearchUsersResponse> {
    const { page, nextPageToken } = this.users.search(request);
    return { users: page, nextPageToken };
  }

  @GrpcMethod('UserService')
  getUser({ tenantId, userId }: Wire<GetUserRequest>): Wire<User> {
    return this.users.get(tenantId, userId);
  }

  @GrpcMethod('UserService')
  createUser(request: Wire<CreateUserRequest>): Wire<User> {
    return this.users.create(request);
  }

  @GrpcMethod('UserService')
  updateUser(request: Wire<UpdateUserRequest>): Wire<User> {
    return this.users.update(request);
  }

  @GrpcMethod('UserService')
  deleteUser({ tenantId, userId }: Wire<DeleteUserRequest>): object {
    this.users.delete(tenantId, userId);
    return {};
  }
}
