import { status } from '@grpc/grpc-js';
import { Injectable } from '@nestjs/common';
import type { CreateUserRequest, SearchUsersRequest, UpdateUserRequest, User } from '../../src/gen/user/v1/user_pb.js';
import { fieldsToUpdate } from '../backend/field-mask.js';
import { type PageRequest, pageOf } from '../backend/page.js';
import { emptyFields, type FieldViolation, invalidArgument, refuseIfAny, rpcError } from '../backend/rpc-error.js';
import type { Wire } from '../backend/wire.js';
import { Directory } from '../data/directory.js';
import { makeUser, nameViolations, passwordViolations } from '../data/new-user.js';
import { timestamp } from '../data/timestamp.js';

const WRITABLE = ['email', 'username', 'displayName', 'status', 'roles', 'labels'] as const;
/** Fields that decide who can sign in as a user. */
const SIGN_IN = ['email', 'username', 'status'] as const;
const MAX_QUERY_LENGTH = 100;

/** Caller that makes a change. */
export interface Change {
  /** True if the caller may assign an e-mail address. */
  readonly isVouched: boolean;
  /** Throws if the caller may not change the account. */
  readonly authorize: (target: Wire<User>) => void;
}

/** The users of each tenant. Every method sees only the tenant that it is called with. */
@Injectable()
export class Users {
  constructor(private readonly directory: Directory) {}

  /** Throws INVALID_ARGUMENT for a bad page. */
  list(tenantId: string, page: PageRequest) {
    return pageOf(this.#all(tenantId), (user) => user.id, page);
  }

  /** Throws INVALID_ARGUMENT for an empty or overlong query. */
  search(request: Wire<SearchUsersRequest>) {
    const query = request.query.toLowerCase();
    refuseIfAny(emptyFields({ query }));
    if (query.length > MAX_QUERY_LENGTH) {
      throw invalidArgument([{ field: 'query', description: `must have at most ${MAX_QUERY_LENGTH} characters` }]);
    }
    const found = this.#all(request.tenantId).filter((user) => {
      const hasStatus = request.statuses.length === 0 || request.statuses.includes(user.status);
      return (
        hasStatus && [user.displayName, user.username, user.email].some((text) => text.toLowerCase().includes(query))
      );
    });
    return pageOf(found, (user) => user.id, request);
  }

  /** Throws NOT_FOUND. */
  get(tenantId: string, userId: string): Wire<User> {
    refuseIfAny(emptyFields({ tenant_id: tenantId, user_id: userId }));
    return this.directory.userOf(tenantId, userId);
  }

  /** Throws INVALID_ARGUMENT or ALREADY_EXISTS. */
  create(request: Wire<CreateUserRequest>, { isVouched }: Pick<Change, 'isVouched'>): Wire<User> {
    const { password, ...fields } = request;
    refuseIfAny([
      ...emptyFields({ tenant_id: request.tenantId }),
      ...nameViolations(request),
      ...(password === '' ? [] : passwordViolations(password)),
    ]);
    const user = this.directory.addUser(makeUser(password === '' ? fields : request));
    this.directory.vouch(user.id, isVouched);
    return user;
  }

  /**
   * Throws INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, ABORTED when the version sent is not the current one, or what
   * `authorize` throws for a change of who may sign in and what they may do then.
   */
  update({ tenantId, userId, user: sent, updateMask }: Wire<UpdateUserRequest>, change: Change): Wire<User> {
    const current = this.get(tenantId, userId);
    if (sent === null || sent === undefined) throw invalidArgument([{ field: 'user', description: 'must be set' }]);
    const isStale = sent.version !== '0' && sent.version !== current.version;
    if (isStale) throw rpcError(status.ABORTED, `user "${userId}" has changed since version ${sent.version}`);
    const paths = updateMask?.paths.filter((path) => path !== 'version') ?? [];
    const changes = Object.fromEntries(fieldsToUpdate({ paths }, WRITABLE).map((field) => [field, sent[field]]));
    const changed: Wire<User> = { ...current, ...changes };
    refuseIfAny([...nameViolations(changed, 'user.'), ...statusViolations(changed)]);
    if (decidesRights(current, changed)) change.authorize(current);
    this.directory.refuseTaken(changed);
    changed.version = String(BigInt(current.version) + 1n);
    changed.updateTime = timestamp(Date.now());
    this.directory.users.set(userId, changed);
    if (changed.email !== current.email) this.directory.vouch(userId, change.isVouched);
    return changed;
  }

  /** Throws NOT_FOUND. */
  delete(tenantId: string, userId: string): void {
    this.directory.removeUser(this.get(tenantId, userId).id);
  }

  #all(tenantId: string): Wire<User>[] {
    refuseIfAny(emptyFields({ tenant_id: tenantId }));
    return this.directory.usersOf(tenantId);
  }
}

/** Removing the roles of a user requires the rights that the change makes available: a user without roles outranks nobody. */
function decidesRights(before: Wire<User>, after: Wire<User>): boolean {
  const hasOtherRoles = before.roles.join() !== after.roles.join();
  return hasOtherRoles || SIGN_IN.some((field) => after[field] !== before[field]);
}

function statusViolations({ status: userStatus }: Wire<User>): FieldViolation[] {
  if (userStatus !== 'USER_STATUS_UNSPECIFIED') return [];
  return [{ field: 'user.status', description: 'must be set' }];
}
