import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { Injectable } from '@nestjs/common';
import { internalMethod } from '../contract/internal-method.js';
import type { CallContext } from '../domain/call-context.js';
import type { Principal } from '../domain/principal.js';
import { AuthService as Rpcs, type ExchangeIdentityRequest } from '../gen/auth/v1/auth_pb.js';
import { sharedContext } from '../traffic/shared-context.js';
import { CallStack } from '../traffic/stack.js';

/** Maximum time of session work that no request waits for, in ms; single calls have shorter deadlines. */
const BACKGROUND_MS = 5_000;

/** Tokens that AuthService issues for a session. */
export interface IssuedTokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Lifetime of the access token in seconds; 0 if AuthService does not state it. */
  readonly expiresIn: number;
}

/** Identity of a user at a provider. */
export type ProviderIdentity = Omit<ExchangeIdentityRequest, '$typeName' | '$unknown'>;

/** Calls to AuthService for sessions. All reject with a GatewayError. */
@Injectable()
export class AuthService {
  private readonly methods = {
    exchange: internalMethod(Rpcs.method.exchangeIdentity),
    refresh: internalMethod(Rpcs.method.refreshToken),
    logout: internalMethod(Rpcs.method.logout),
    loginConfig: internalMethod(Rpcs.method.getLoginConfig),
  };

  constructor(private readonly stack: CallStack) {}

  async exchangeIdentity(context: CallContext, identity: ProviderIdentity): Promise<IssuedTokens> {
    const { input, output } = Rpcs.method.exchangeIdentity;
    const request = toBinary(input, create(input, identity));
    return fromBinary(output, await this.call(context, this.methods.exchange, request));
  }

  /**
   * Redeems a refresh token. The call continues when the client disconnects: the response contains the only token that
   * is valid from then on.
   */
  async refresh(context: CallContext, refreshToken: string): Promise<IssuedTokens> {
    const { input, output } = Rpcs.method.refreshToken;
    const request = toBinary(input, create(input, { refreshToken }));
    return fromBinary(
      output,
      await this.call(sharedContext(context, undefined, BACKGROUND_MS), this.methods.refresh, request),
    );
  }

  /** Revokes a refresh token on behalf of its user. */
  async logout(context: CallContext, principal: Principal, refreshToken: string): Promise<void> {
    const { input } = Rpcs.method.logout;
    const background = sharedContext(context, principal, BACKGROUND_MS);
    await this.call(background, this.methods.logout, toBinary(input, create(input, { refreshToken })));
  }

  /** Returns the name of the identity provider of a tenant; empty if there is none. */
  async providerOf(context: CallContext, tenantId: string): Promise<string> {
    const { input, output } = Rpcs.method.getLoginConfig;
    const request = toBinary(input, create(input, { tenantId }));
    return fromBinary(output, await this.call(context, this.methods.loginConfig, request)).ssoProvider;
  }

  private call(context: CallContext, method: ReturnType<typeof internalMethod>, request: Uint8Array) {
    return this.stack.unary({ context, method, request, deadlineAt: context.deadlineAt });
  }
}
