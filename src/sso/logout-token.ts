import { decodeJwt } from 'jose';
import { z } from 'zod';
import { authUnavailable } from '../access/refusal.js';
import { GatewayError } from '../domain/errors.js';
import { areKeysMissing, verifyProviderToken } from './id-token.js';
import type { IdentityProvider, ProviderMetadata } from './identity-provider.js';
import type { ProviderLogout } from './session-registry.js';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/** Claims that only a logout token has (OpenID Connect Back-Channel Logout 1.0, 2.4). */
const LogoutClaims = z
  .object({
    jti: z.string().min(1).max(255),
    iat: z.number(),
    sub: z.string().min(1).max(255).optional(),
    sid: z.string().min(1).max(255).optional(),
    events: z.looseObject({ [EVENT]: z.looseObject({}) }),
    nonce: z.undefined().optional(),
  })
  .refine(({ sub, sid }) => sub !== undefined || sid !== undefined, 'neither sub nor sid');

/** Logout request of a provider, from a token that it signed. */
export interface LogoutRequest extends ProviderLogout {
  readonly provider: IdentityProvider;
}

/**
 * Verifies a logout token of one of the providers. Rejects with INVALID_ARGUMENT, or with AUTH_UNAVAILABLE if its keys
 * cannot be fetched.
 */
export async function readLogoutToken(providers: Iterable<IdentityProvider>, token: string): Promise<LogoutRequest> {
  const claimed = unverifiedIssuer(token);
  for (const provider of providers) {
    if (!isSameUrl(provider.config.issuer, claimed)) continue;
    return verify(provider, await provider.discover(), token);
  }
  throw invalidLogoutToken(new Error('the issuer is not a configured provider'));
}

async function verify(provider: IdentityProvider, metadata: ProviderMetadata, token: string): Promise<LogoutRequest> {
  try {
    const rules = { requiredClaims: ['exp'] };
    const payload = await verifyProviderToken(metadata, { token, clientId: provider.config.clientId, rules });
    const { jti, iat, sub, sid } = LogoutClaims.parse(payload);
    return { provider, issuer: metadata.issuer, tokenId: jti, issuedAt: iat, identity: sub, providerSession: sid };
  } catch (error) {
    if (areKeysMissing(error)) throw authUnavailable(`the keys of "${provider.name}" cannot be read at present`, error);
    throw invalidLogoutToken(error);
  }
}

/** Creates the error of an invalid logout request (2.8): no session ends. */
export function invalidLogoutToken(cause: unknown): GatewayError {
  return new GatewayError('INVALID_ARGUMENT', 'The logout token is not valid.', { cause });
}

function unverifiedIssuer(token: string): string {
  try {
    return String(decodeJwt(token).iss);
  } catch (error) {
    throw invalidLogoutToken(error);
  }
}

function isSameUrl(left: string, right: string): boolean {
  return URL.canParse(left) && URL.canParse(right) && new URL(left).href === new URL(right).href;
}
