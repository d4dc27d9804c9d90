import type { JwtAuthenticator } from '../../../access/jwt-authenticator.js';
import { presentedCredential } from '../../../access/credentials.js';
import { refusal } from '../../../access/refusal.js';
import { GatewayError } from '../../../domain/errors.js';
import { lowerAscii } from '../../../domain/header-text.js';
import type { Principal } from '../../../domain/principal.js';
import type { Revocation } from '../../../domain/revocation.js';
import type { DescribedPrincipal, DescribedRequest } from './dry-run-routes.js';

/** Sender of the described request, and the source of its identity. */
export interface Identity {
  /** `described`: nothing was verified. */
  readonly source: 'token' | 'described' | 'none';
  readonly principal: Principal | undefined;
}

/** The parts that verify tokens. */
export interface IdentitySources {
  readonly tokens: Pick<JwtAuthenticator, 'verify'>;
  readonly revocation: Pick<Revocation, 'verdict'> | undefined;
}

/**
 * Determines the sender of a described request without calling any service. Rejects with the error that a client
 * would get.
 */
export async function identify(request: DescribedRequest, { tokens, revocation }: IdentitySources): Promise<Identity> {
  if (request.principal !== undefined) return { source: 'described', principal: toPrincipal(request.principal) };
  const credential = presentedCredential({ headers: lowerNames(request.headers) });
  if (credential.kind !== 'jwt') {
    throw new GatewayError(
      'FAILED_PRECONDITION',
      'Only an access token (JWT) can be verified without asking a service: describe the caller in "principal".',
    );
  }
  const principal = await tokens.verify(credential.value);
  const revoked = revocation?.verdict(principal);
  if (revoked !== undefined) throw refusal(revoked);
  return { source: 'token', principal };
}

/** Returns headers with lower-case names, as Node gives them to a request. */
export function lowerNames(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [lowerAscii(name), value]));
}

function toPrincipal({ tenant, subject, roles, permissions }: DescribedPrincipal): Principal {
  return {
    subject,
    tenantId: tenant,
    identityType: 'user',
    authMethod: 'jwt',
    issuer: '',
    roles,
    permissions,
    expiresAt: Infinity,
    tokenId: '',
  };
}
