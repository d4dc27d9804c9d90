import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { Injectable } from '@nestjs/common';
import { internalMethod } from '../contract/internal-method.js';
import type { CallContext } from '../domain/call-context.js';
import type { Principal } from '../domain/principal.js';
import { AuthService as Rpcs, type ExchangeIdentityRequest } from '../gen/auth/v1/auth_pb.js';
import { sharedContext } from '../traffic/shared-context.js';
import { CallStack } from '../traffic/stack.js';

/** Longest work on a session that no request waits for, in ms; the deadlines of single calls are shorter. */
const BACKGROUND_MS = 5_000;

/** What AuthService issues for a session. */
export interface IssuedTokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Life of the access token in seconds; 0 when AuthService does not say. */
  readonly expiresIn: number;
}

/** Who signed in at a provider. */
export type ProviderIdentity = Omit<ExchangeIdentityRequest, '$typeName' | '$unknown'>;

/** The calls to AuthService that sessions need. All reject with a GatewayError. */
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

  /** Uses a refresh token up. Not given up when the client leaves: the answer holds the only token that is good from then on. */
  async refresh(context: CallContext, refreshToken: string): Promise<IssuedTokens> {
    const { input, output } = Rpcs.method.refreshToken;
    const request = toBinary(input, create(input, { refreshToken }));
    return fromBinary(
      output,
      await this.call(sharedContext(context, undefined, BACKGROUND_MS), this.methods.refresh, request),
    );
  }

  /** Ends a refresh token in the name of its holder. */
  async logout(context: CallContext, principal: Principal, refreshToken: string): Promise<void> {
    const { input } = Rpcs.method.logout;
    const background = sharedContext(context, principal, BACKGROUND_MS);
    await this.call(background, this.methods.logout, toBinary(input, create(input, { refreshToken })));
  }

  /** Name of the provider at which the users of a tenant sign in; empty when there is none. */
  async providerOf(context: CallContext, tenantId: string): Promise<string> {
    const { input, output } = Rpcs.method.getLoginConfig;
    const request = toBinary(input, create(input, { tenantId }));
    return fromBinary(output, await this.call(context, this.methods.loginConfig, request)).ssoProvider;
  }

  private call(context: CallContext, method: ReturnType<typeof internalMethod>, request: Uint8Array) {
    return this.stack.unary({ context, method, request, deadlineAt: context.deadlineAt });
  }
}
