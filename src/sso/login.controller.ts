import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Access } from '../access/access.decorator.js';
import { readSessionCookie } from '../access/cookie-header.js';
import { Documented } from '../contract/openapi/extra-operations.js';
import { GatewayMetrics } from '../observe/metrics.js';
import { sessionCookie } from './cookies.js';
import { sendFailure } from './failure-page.js';
import type { IdentityProvider } from './identity-provider.js';
import { LoginFailure } from './login-outcome.js';
import { type LoginAnswer, Login } from './login.js';
import type { LoginTransaction } from './login-cookies.js';
import { checkTenant, Providers } from './providers.js';
import { checkReturnTo, checkNavigation, onlyValue, queryParameter, type SsoRequest } from './sso-request.js';
import { SignOut } from './sign-out.js';
import { SSO_OPERATIONS } from './sso.operations.js';

/** Handles sign-ins: the redirect to the identity provider and the callback. */
@Controller('auth')
export class LoginController {
  constructor(
    private readonly providers: Providers,
    private readonly login: Login,
    private readonly signOut: SignOut,
    private readonly metrics: GatewayMetrics,
  ) {}

  /** Signs in at the provider of `?tenant=`, or at the only one. */
  @Get('login')
  @Documented(SSO_OPERATIONS.begin)
  @Access('OPEN')
  async begin(@Req() request: SsoRequest, @Res() reply: FastifyReply): Promise<void> {
    const tenantId = checkTenant(queryParameter(request, 'tenant'));
    await this.start(await this.providers.choose(tenantId, request.call), request, reply);
  }

  @Get(':provider/login')
  @Documented(SSO_OPERATIONS.beginAt)
  @Access('OPEN')
  beginAt(@Param('provider') name: string, @Req() request: SsoRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.start(this.providers.named(name), request, reply);
  }

  @Get(':provider/callback')
  @Documented(SSO_OPERATIONS.complete)
  @Access('OPEN')
  async complete(
    @Param('provider') name: string,
    @Req() request: SsoRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const provider = this.providers.named(name);
    const answer = { query: request.rawQuery, cookies: request.headers['cookie'] ?? '', call: request.call };
    try {
      await this.finish(provider, answer, reply);
    } catch (thrown) {
      if (!(thrown instanceof LoginFailure)) throw thrown;
      if (thrown.outcome === 'state_mismatch' && (await this.login.isSignedIn(answer.cookies))) {
        return void reply
          .code(302)
          .header('location', thrown.returnTo ?? this.login.home)
          .send();
      }
      this.count(provider, thrown.outcome);
      sendFailure(thrown, request, reply);
    }
  }

  private async finish(provider: IdentityProvider, answer: LoginAnswer, reply: FastifyReply): Promise<void> {
    const transaction = this.login.find(provider, answer);
    try {
      await this.login.use(transaction);
      await this.conclude(provider, { transaction, answer, reply });
    } catch (thrown) {
      if (!transaction.silent || !(thrown instanceof LoginFailure)) throw thrown;
      this.leadBack(provider, thrown, { returnTo: transaction.returnTo, call: answer.call, reply });
    }
  }

  /** Changes the cookies of the browser, after it is certain that this browser began the sign-in. */
  private async conclude(
    provider: IdentityProvider,
    { transaction, answer, reply }: { transaction: LoginTransaction; answer: LoginAnswer; reply: FastifyReply },
  ): Promise<void> {
    const done = this.login.forget(transaction);
    try {
      const sessionId = await this.login.complete(provider, transaction, answer);
      this.count(provider, 'success');
      const superseded = readSessionCookie(answer.cookies);
      if (superseded) this.signOut.supersede(superseded, answer.call);
      const cookies = [sessionCookie(sessionId), done];
      void reply.code(302).headers({ location: transaction.returnTo, 'set-cookie': cookies }).send();
    } catch (thrown) {
      void reply.header('set-cookie', done);
      throw thrown;
    }
  }

  private async start(provider: IdentityProvider, request: SsoRequest, reply: FastifyReply): Promise<void> {
    checkNavigation(request);
    const returnTo = checkReturnTo(queryParameter(request, 'returnTo'), this.login.origin, this.login.home);
    const tenantId = checkTenant(queryParameter(request, 'tenant'));
    const silent = onlyValue(request, 'prompt', 'none');
    try {
      const known = request.headers['cookie'] ?? '';
      const { url, cookies } = await this.login.begin(provider, { returnTo, tenantId, silent }, known);
      void reply.code(302).headers({ location: url, 'set-cookie': cookies }).send();
    } catch (thrown) {
      if (!(thrown instanceof LoginFailure)) throw thrown;
      if (silent) return this.leadBack(provider, thrown, { returnTo, call: request.call, reply });
      this.count(provider, thrown.outcome);
      sendFailure(thrown, request, reply);
    }
  }

  /** Redirects after a failed silent sign-in: the page that began it learns the outcome from `/auth/session`. */
  private leadBack(
    provider: IdentityProvider,
    { outcome, error }: LoginFailure,
    { returnTo, call, reply }: Pick<SsoRequest, 'call'> & { readonly returnTo: string; readonly reply: FastifyReply },
  ): void {
    this.count(provider, outcome);
    call.error = error;
    void reply.code(302).header('location', returnTo).send();
  }

  private count({ name }: IdentityProvider, outcome: LoginFailure['outcome'] | 'success'): void {
    this.metrics.ssoLogins.inc({ provider: name, outcome });
  }
}
