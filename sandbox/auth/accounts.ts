import { status } from '@grpc/grpc-js';
import { Injectable } from '@nestjs/common';
import type { ExchangeIdentityRequest, LoginRequest, RegisterRequest } from '../../src/gen/auth/v1/auth_pb.js';
import type { User } from '../../src/gen/user/v1/user_pb.js';
import { emptyFields, invalidArgument, notFound, refuseIfAny, rpcError } from '../backend/rpc-error.js';
import type { Wire } from '../backend/wire.js';
import { BoundedMap } from '../data/bounded-map.js';
import { Directory } from '../data/directory.js';
import { makeUser, nameViolations, passwordViolations } from '../data/new-user.js';
import { hashPassword } from '../data/password.js';
import { SignInThrottle } from './sign-in-throttle.js';

const MAX_IDENTITIES = 10_000;

/** Maps credentials to users: passwords, and identities at a provider. */
@Injectable()
export class Accounts {
  /** User id by provider identity. */
  readonly #identities = new BoundedMap<string, string>(MAX_IDENTITIES);

  readonly #throttle = new SignInThrottle(() => performance.now());

  constructor(private readonly directory: Directory) {}

  /**
   * The user who signs in. Throws UNAUTHENTICATED, the same for an unknown name as for a wrong password, or
   * RESOURCE_EXHAUSTED after many of them.
   */
  signIn({ identifier, password, tenantId }: Wire<LoginRequest>): Wire<User> {
    refuseIfAny(emptyFields({ identifier, password }));
    this.#throttle.admit(identifier);
    const matches = [...this.directory.users.values()].filter(
      (user) =>
        (tenantId === '' || user.tenantId === tenantId) &&
        this.#identifiersOf(user).includes(identifier) &&
        user.passwordHash === hashPassword(password, user.id),
    );
    const user = matches[0];
    if (user === undefined) {
      this.#throttle.failed(identifier);
      throw rpcError(status.UNAUTHENTICATED, 'invalid credentials');
    }
    this.#throttle.succeeded(identifier);
    if (matches.length > 1) {
      throw invalidArgument([
        { field: 'tenant_id', description: 'must name the tenant: several know this identifier' },
      ]);
    }
    return this.active(user.id);
  }

  /** Throws INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, or FAILED_PRECONDITION where nobody may register. */
  register(request: Wire<RegisterRequest>): Wire<User> {
    refuseIfAny([
      ...emptyFields({ tenant_id: request.tenantId }),
      ...nameViolations(request),
      ...passwordViolations(request.password),
    ]);
    const config = this.directory.configs.get(request.tenantId);
    if (config === undefined) throw notFound('tenant', request.tenantId);
    if (!config.allowRegistration) throw rpcError(status.FAILED_PRECONDITION, 'the tenant does not allow registration');
    const user = this.directory.addUser(makeUser(request));
    this.directory.vouch(user.id, false);
    return user;
  }

  /**
   * The user of a provider identity: the one that it was linked to, else the one of its verified address, else a new
   * one. Throws PERMISSION_DENIED when it fits no tenant, or when somebody set that address who could not vouch for it.
   */
  ofIdentity(request: Wire<ExchangeIdentityRequest>): Wire<User> {
    const { issuer, subject, email } = request;
    refuseIfAny(emptyFields({ issuer, subject, email }));
    const identity = JSON.stringify([issuer, subject]);
    const known = this.directory.users.get(this.#identities.get(identity) ?? '');
    if (known !== undefined) return this.active(known.id);
    // An address nobody has verified would let its claimant into somebody else's account.
    if (!request.emailVerified) throw rpcError(status.PERMISSION_DENIED, 'the e-mail address is not verified');
    const user = this.#byEmail(email, request.tenantId) ?? this.#provision(request);
    if (this.directory.unvouched.has(user.id)) {
      throw rpcError(
        status.PERMISSION_DENIED,
        'the account with this e-mail address must be confirmed by an administrator',
      );
    }
    this.#identities.set(identity, user.id);
    return this.active(user.id);
  }

  /** A user who may sign in now. Throws UNAUTHENTICATED for one who is gone, PERMISSION_DENIED for one who may not. */
  active(userId: string): Wire<User> {
    const user = this.directory.users.get(userId);
    if (user === undefined) throw rpcError(status.UNAUTHENTICATED, 'invalid credentials');
    if (user.status !== 'USER_STATUS_ACTIVE') throw rpcError(status.PERMISSION_DENIED, 'the account is not active');
    return user;
  }

  #identifiersOf(user: Wire<User>): string[] {
    const allowed = this.directory.configs.get(user.tenantId)?.allowedLoginIdentifiers ?? [];
    return [
      ...(allowed.includes('email') ? [user.email] : []),
      ...(allowed.includes('username') ? [user.username] : []),
    ];
  }

  #byEmail(email: string, tenantId: string): Wire<User> | undefined {
    return [...this.directory.users.values()].find(
      (user) => user.email === email && (tenantId === '' || user.tenantId === tenantId),
    );
  }

  #provision({ email, displayName, tenantId }: Wire<ExchangeIdentityRequest>): Wire<User> {
    const [username = '', domain] = email.toLowerCase().split('@');
    const tenants = [...this.directory.tenants.values()];
    const tenant = tenants.find(({ id, domain: own }) => (tenantId === '' ? own === domain : id === tenantId));
    if (tenant === undefined) throw rpcError(status.PERMISSION_DENIED, `no tenant takes in users of "${domain}"`);
    refuseIfAny(nameViolations({ email, username }));
    return this.directory.addUser(makeUser({ tenantId: tenant.id, email, username, displayName }));
  }
}
