import { randomUUID } from 'node:crypto';
import { type Metadata, status } from '@grpc/grpc-js';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type * as v1 from '../../src/gen/auth/v1/auth_pb.js';
import { emptyFields, notFound, refuseIfAny, rpcError } from '../backend/rpc-error.js';
import type { Wire } from '../backend/wire.js';
import { Directory } from '../data/directory.js';
import { Revocations } from '../data/revocations.js';
import { AccessTokens, EXPIRES_IN } from './access-tokens.js';
import { Accounts } from './accounts.js';
import { Credentials } from './credentials.js';
import { type RefreshToken, RefreshSessions } from './refresh-sessions.js';

/** auth.v1.AuthService. */
@Controller()
export class AuthController {
  // Two dependencies above the usual four: the service has more RPCs than the others.
  // oxlint-disable-next-line max-params
  constructor(
    private readonly directory: Directory,
    private readonly accounts: Accounts,
    private readonly credentials: Credentials,
    private readonly sessions: RefreshSessions,
    private readonly tokens: AccessTokens,
    private readonly revocations: Revocations,
  ) {}

  @GrpcMethod('AuthService')
  login(request: Wire<v1.LoginRequest>): Promise<Wire<v1.LoginResponse>> {
    return this.#tokensFor(this.sessions.begin(this.accounts.signIn(request).id));
  }

  @GrpcMethod('AuthService')
  async refreshToken({ refreshToken }: Wire<v1.RefreshTokenRequest>): Promise<Wire<v1.RefreshTokenResponse>> {
    refuseIfAny(emptyFields({ refresh_token: refreshToken }));
    const { next, ended } = this.sessions.rotate(refreshToken);
    if (next !== undefined) return this.#tokensFor(next);
    // Whoever used the token first may be a thief: what they got with it ends too (RFC 9700, 4.14.2).
    await this.revocations.endTokens(ended);
    throw rpcError(status.UNAUTHENTICATED, 'invalid or expired token');
  }

  @GrpcMethod('AuthService')
  register(request: Wire<v1.RegisterRequest>): Wire<v1.RegisterResponse> {
    return { userId: this.accounts.register(request).id };
  }

  @GrpcMethod('AuthService')
  async logout({ refreshToken }: Wire<v1.LogoutRequest>, metadata: Metadata): Promise<Wire<v1.LogoutResponse>> {
    const ended = this.sessions.end(refreshToken, String(metadata.get('x-gateway-subject')[0] ?? ''));
    await this.revocations.endTokens(ended);
    return {};
  }

  @GrpcMethod('AuthService')
  getLoginConfig({ tenantId }: Wire<v1.GetLoginConfigRequest>): Wire<v1.GetLoginConfigResponse> {
    const config = this.directory.configs.get(tenantId);
    if (config === undefined) throw notFound('tenant', tenantId);
    const { allowedLoginIdentifiers, allowRegistration } = config;
    return { allowedIdentifiers: allowedLoginIdentifiers, allowRegistration, ssoProvider: 'sandbox' };
  }

  @GrpcMethod('AuthService')
  async exchangeIdentity(request: Wire<v1.ExchangeIdentityRequest>): Promise<Wire<v1.ExchangeIdentityResponse>> {
    const user = this.accounts.ofIdentity(request);
    const { accessToken, refreshToken, expiresIn } = await this.#tokensFor(this.sessions.begin(user.id));
    return { accessToken, refreshToken, expiresIn, userId: user.id };
  }

  @GrpcMethod('AuthService')
  validateCredential(request: Wire<v1.ValidateCredentialRequest>): Promise<Wire<v1.ValidateCredentialResponse>> {
    return this.credentials.validate(request.credential);
  }

  @GrpcMethod('AuthService')
  checkPermission(request: Wire<v1.CheckPermissionRequest>): Wire<v1.CheckPermissionResponse> {
    const granted = this.credentials.granted(request);
    return { granted, allowed: request.permissions.length > 0 && granted.length === request.permissions.length };
  }

  async #tokensFor({ userId, sessionId, token }: RefreshToken): Promise<Wire<v1.LoginResponse>> {
    const issued = { jti: randomUUID(), exp: Math.floor(Date.now() / 1000) + EXPIRES_IN };
    const accessToken = await this.tokens.issue(this.accounts.active(userId), { sid: sessionId, ...issued });
    this.sessions.note(sessionId, issued);
    return { accessToken, refreshToken: token, tokenType: 'Bearer', expiresIn: EXPIRES_IN };
  }
}
