import { Controller, HttpCode, Post, Req } from '@nestjs/common';
import { Access } from '../access/access.decorator.js';
import { Documented } from '../contract/openapi/extra-operations.js';
import { GatewayError } from '../domain/errors.js';
import { mediaTypeOf } from '../domain/header-text.js';
import { invalidLogoutToken, readLogoutToken } from './logout-token.js';
import { Providers } from './providers.js';
import { withStore } from './session-errors.js';
import { keyOf } from './session-registry.js';
import { SessionStore } from './session-store.js';
import { SignOut } from './sign-out.js';
import type { SsoRequest } from './sso-request.js';
import { SSO_OPERATIONS } from './sso.operations.js';

const FORM = 'application/x-www-form-urlencoded';
/** Time for which a used token is remembered, in ms; longer than a logout token can be valid. */
const USED_MS = 600_000;

const REFUSALS = {
  mismatch: 'the session is not one of this identity',
  unknown: 'neither the session nor the identity was ever known here',
};

/** Receives logout tokens of identity providers (OpenID Connect Back-Channel Logout 1.0). */
@Controller('auth')
export class BackchannelController {
  constructor(
    private readonly providers: Providers,
    private readonly store: SessionStore,
    private readonly signOut: SignOut,
  ) {}

  /**
   * Ends the sessions that a signed logout token names; the token is the credential. It counts as used once its work is
   * done, so that the provider can send it again after a 503.
   */
  @Post('backchannel-logout')
  @Documented(SSO_OPERATIONS.backchannel)
  @HttpCode(200)
  @Access('OPEN')
  async logout(@Req() request: SsoRequest): Promise<void> {
    const logout = await readLogoutToken(this.providers.all(), logoutTokenOf(request));
    const use = `logout:${keyOf(JSON.stringify([logout.issuer, logout.tokenId]))}`;
    if ((await withStore(this.store.peek(use))) !== undefined) throw invalidLogoutToken(new Error('used before'));
    const finding = await this.signOut.endAt(logout, request.call);
    await withStore(this.store.write(use, 'used', USED_MS));
    if (finding !== 'ended') throw invalidLogoutToken(new Error(REFUSALS[finding]));
  }
}

function logoutTokenOf({ headers, body }: SsoRequest): string {
  if (mediaTypeOf(headers['content-type'] ?? '') !== FORM) {
    throw new GatewayError('UNSUPPORTED_MEDIA_TYPE', `Send the logout token as ${FORM}.`);
  }
  const tokens = new URLSearchParams(Buffer.isBuffer(body) ? body.toString('utf8') : '').getAll('logout_token');
  const [token] = tokens;
  if (token === undefined || tokens.length > 1) throw invalidLogoutToken(new Error('there must be one logout_token'));
  return token;
}
