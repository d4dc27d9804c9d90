import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Access } from '../access/access.decorator.js';
import { readSessionCookie } from '../access/session-cookie.js';
import { GatewayMetrics } from '../observe/metrics.js';
import { CLEAR_LOGIN_COOKIE, LOGIN_COOKIE, loginCookie, readCookie, sessionCookie } from './cookies.js';
import { FAILURE_PAGE_HEADERS, failurePage } from './failure-page.js';
import type { IdentityProvider } from './identity-provider.js';
import { LoginFailure } from './login-outcome.js';
import { LOGIN_LIFE_MS } from './login-transaction.js';
import { Login } from './login.js';
import { checkTenant, Providers } from './providers.js';
import { checkReturnTo } from './return-to.js';
import { SignOut } from './sign-out.js';
import { queryParameter, type SsoRequest, wantsPage } from './sso-request.js';

/** Signing in: to the identity provider and back. */
@Controller('auth')
export class LoginController {
  constructor(
    private readonly providers: Providers,
    private readonly login: Login,
    private readonly signOut: SignOut,
    private readonly metrics: GatewayMetrics,
  ) {}

  /** At the provider of `?tenant=`, or the one that there is. */
  @Get('login')
  @Access('OPEN')
  async begin(@Req() request: SsoRequest, @Res() reply: FastifyReply): Promise<void> {
    const tenantId = checkTenant(queryParameter(request, 'tenant'));
    await this.start(await this.providers.choose(tenantId, request.call), request, reply);
  }

  @Get(':provider/login')
  @Access('OPEN')
  beginAt(@Param('provider') name: string, @Req() request: SsoRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.start(this.providers.named(name), request, reply);
  }

  @Get(':provider/callback')
  @Access('OPEN')
  async complete(
    @Param('provider') name: string,
    @Req() request: SsoRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const provider = this.providers.named(name);
    const { call, headers, rawQuery: query } = request;
    await this.counted(provider, { request, reply }, async () => {
      const cookie = readCookie(headers['cookie'], LOGIN_COOKIE);
      const { sessionId, returnTo } = await this.login.complete(provider, { query, cookie, call });
      this.metrics.ssoLogins.inc({ provider: name, outcome: 'success' });
      this.signOut.replace(readSessionCookie(headers['cookie'] ?? ''), call);
      const cookies = [sessionCookie(sessionId), CLEAR_LOGIN_COOKIE];
      void reply.code(302).headers({ location: returnTo, 'set-cookie': cookies }).send();
    });
  }

  private async start(provider: IdentityProvider, request: SsoRequest, reply: FastifyReply): Promise<void> {
    const returnTo = checkReturnTo(queryParameter(request, 'returnTo'), this.login.origin);
    const tenantId = checkTenant(queryParameter(request, 'tenant'));
    await this.counted(provider, { request, reply }, async () => {
      const { url, cookie } = await this.login.begin(provider, { returnTo, tenantId });
      void reply
        .code(302)
        .headers({ location: url, 'set-cookie': loginCookie(cookie, LOGIN_LIFE_MS) })
        .send();
    });
  }

  /** Counts a failed sign-in and tells of it: to a person by a page, to all others by a problem. */
  private async counted(
    { name }: IdentityProvider,
    { request, reply }: { readonly request: SsoRequest; readonly reply: FastifyReply },
    step: () => Promise<void>,
  ): Promise<void> {
    try {
      await step();
    } catch (thrown) {
      if (!(thrown instanceof LoginFailure)) throw thrown;
      const { outcome, error } = thrown;
      this.metrics.ssoLogins.inc({ provider: name, outcome });
      // Another site may send a browser here: that must not spoil a sign-in that is really under way.
      if (outcome !== 'state_mismatch') void reply.header('set-cookie', CLEAR_LOGIN_COOKIE);
      if (!wantsPage(request)) throw error;
      request.call.error = error;
      const page = failurePage(outcome, request.call.requestId);
      void reply
        .code(error.status)
        .headers({ ...FAILURE_PAGE_HEADERS, 'x-gateway-error': error.code })
        .send(page);
    }
  }
}
