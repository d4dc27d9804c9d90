import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  fetchUserInfo,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client';
import { verifyIdToken } from './id-token.js';
import { type Claims, readIdentity, type VerifiedIdentity } from './verified-identity.js';
import type { IdentityProvider, ProviderMetadata } from './identity-provider.js';
import type { LoginTransaction } from './login-cookies.js';

const SCOPE = 'openid email profile';

/**
 * Starts the authorization code flow: returns the URL to redirect the browser to, and the values to check later. With
 * `silent` the provider responds without showing a page (`prompt=none`, OpenID Connect Core 3.1.2.1).
 */
export async function beginAuthorization(
  provider: IdentityProvider,
  redirectUri: string,
  { silent }: { readonly silent: boolean },
) {
  const { configuration } = await provider.discover();
  const checks = { state: randomState(), nonce: randomNonce(), verifier: randomPKCECodeVerifier() };
  const url = buildAuthorizationUrl(configuration, {
    redirect_uri: redirectUri,
    scope: SCOPE,
    state: checks.state,
    nonce: checks.nonce,
    code_challenge: await calculatePKCECodeChallenge(checks.verifier),
    code_challenge_method: 'S256',
    ...(silent ? { prompt: 'none' } : {}),
  });
  return { url: url.href, ...checks };
}

/**
 * Completes the flow: exchanges the code for tokens and verifies the identity (RFC 9700 2.1.1, OIDC Core 3.1.3.7, RFC
 * 9207). Only the ID token of the provider's tokens is kept. Rejects with errors of the client library, jose or zod.
 */
export async function completeAuthorization(
  provider: IdentityProvider,
  callbackUrl: URL,
  { state, nonce, verifier }: LoginTransaction,
): Promise<VerifiedIdentity> {
  const metadata = await provider.discover();
  const tokens = await authorizationCodeGrant(metadata.configuration, callbackUrl, {
    expectedState: state,
    expectedNonce: nonce,
    pkceCodeVerifier: verifier,
    idTokenExpected: true,
  });
  const idToken = tokens.id_token ?? '';
  const claims = await verifyIdToken(metadata, idToken, provider.config.clientId);
  // Address and `email_verified` must come from the same source.
  const more =
    claims['email'] === undefined ? await userInfo(metadata, tokens.access_token, claims.sub ?? '') : undefined;
  return { ...readIdentity(metadata.issuer, claims, more), idToken, issuedAt: claims.iat ?? 0 };
}

/** Fetches claims that the provider leaves out of the ID token (OIDC Core 5.4). */
async function userInfo({ configuration }: ProviderMetadata, accessToken: string, subject: string): Promise<Claims> {
  if (configuration.serverMetadata().userinfo_endpoint === undefined) return {};
  return fetchUserInfo(configuration, accessToken, subject);
}
