import { Controller, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { Principal } from '../domain/principal.js';
import { Access, PeekableAccess } from '../access/access.decorator.js';
import { CsrfCheck } from '../access/csrf.js';
import { missingCredentials } from '../access/refusal.js';
import { readSessionCookie } from '../access/cookie-header.js';
import { Documented } from '../contract/openapi/extra-operations.js';
import { sessionOver, withStore } from './session-errors.js';
import type { Sessions } from './sessions.js';
import { CLEAR_SESSION_COOKIE } from './cookies.js';
import { ProviderSignOut } from './provider-sign-out.js';
import { SignOut } from './sign-out.js';
import { onlyValue, queryParameter, type SsoRequest } from './sso-request.js';
import { SSO_OPERATIONS } from './sso.operations.js';

/** Describes a session to a page: identity and lifetime, without tokens. */
export class SessionInfo {
  constructor(
    private readonly sessions: Sessions,
    private readonly limits: { readonly sessionIdleMs: number; readonly sessionMaxAgeMs: number },
    private readonly basePath: string,
  ) {}

  async describe(sessionId: string, { subject, tenantId, roles, permissions }: Principal): Promise<object> {
    const session = await withStore(this.sessions.peek(sessionId));
    if (session === undefined) throw sessionOver('SESSION_ENDED');
    const { provider, createdAt } = session.record;
    return {
      subject,
      tenantId,
      roles,
      permissions,
      provider,
      createTime: new Date(createdAt).toISOString(),
      expireTime: new Date(createdAt + this.limits.sessionMaxAgeMs).toISOString(),
      idleTimeoutSeconds: this.limits.sessionIdleMs / 1000,
      idleSecondsLeft: Math.floor(session.idleEndsInMs / 1000),
      logoutUrl: `${this.basePath}/auth/logout`,
    };
  }
}

/** Handles the requests of a page about its session. */
@Controller('auth')
export class SessionController {
  constructor(
    private readonly info: SessionInfo,
    private readonly csrf: CsrfCheck,
    private readonly signOut: SignOut,
    private readonly providerSignOut: ProviderSignOut,
  ) {}

  /**
   * Returns who is signed in, for how long, and how to sign out. With `peek=1` the request does not count as a use of
   * the session. A script without a session gets a 401, never a redirect.
   */
  @Get('session')
  @Documented(SSO_OPERATIONS.session)
  @PeekableAccess()
  async session(@Req() request: SsoRequest): Promise<object> {
    onlyValue(request, 'peek', '1');
    const sessionId = readSessionCookie(request.headers['cookie'] ?? '');
    const { principal } = request.call;
    if (principal?.authMethod !== 'session' || !sessionId) throw missingCredentials();
    return this.info.describe(sessionId, principal);
  }

  /**
   * Ends the session here and returns the URL to end it at the provider. A request without the cookie changes nothing,
   * neither here nor in the browser: a foreign page can send it, since its browser withholds the Lax cookie.
   */
  @Post('logout')
  @Documented(SSO_OPERATIONS.logout)
  @HttpCode(200)
  @Access('OPEN')
  async logout(@Req() request: SsoRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    const sessionId = readSessionCookie(request.headers['cookie'] ?? '');
    if (sessionId === undefined) return { logoutUrl: this.providerSignOut.home };
    this.csrf.check(request);
    const logoutUrl = await this.providerSignOut.urlFor(sessionId);
    await this.signOut.end(sessionId, request.call);
    void reply.header('set-cookie', CLEAR_SESSION_COOKIE);
    return { logoutUrl };
  }

  /**
   * Redirects from the sign-out here to the sign-out at the provider. Requests from foreign pages are rejected, since
   * they could carry a ticket of their own.
   */
  @Get('logout')
  @Documented(SSO_OPERATIONS.leave)
  @Access('OPEN')
  async leave(@Req() request: SsoRequest, @Res() reply: FastifyReply): Promise<void> {
    const ticket = queryParameter(request, 'ticket');
    const isForeign = request.headers['sec-fetch-site'] === 'cross-site';
    const url = isForeign ? this.providerSignOut.home : await this.providerSignOut.redeem(ticket);
    void reply.code(302).header('location', url).send();
  }
}
