import { z } from 'zod';

/** Claims of an ID token or of the userinfo endpoint, unchanged. */
export type Claims = Readonly<Record<string, unknown>>;

/** Identity of a user who signed in at a provider. All fields are bounded, since they go into calls and sessions. */
export interface VerifiedIdentity {
  readonly issuer: string;
  readonly sub: string;
  /** Session at the provider; undefined if the provider does not name it. */
  readonly sid: string | undefined;
  /** Empty if the provider does not state it. */
  readonly email: string;
  readonly emailVerified: boolean;
  /** Empty if the provider does not state it. */
  readonly name: string;
  readonly idToken: string;
  /** By the provider's clock, Unix seconds. */
  readonly issuedAt: number;
}

/** Claims that identify a user or a session must be exact: invalid ones are rejected, not corrected. */
const Identifiers = z.object({
  sub: z.string().min(1).max(255).refine(isWellFormed),
  sid: z.string().min(1).max(255).refine(isWellFormed).optional(),
});

const MAX_NAME = 256;
const MAX_EMAIL = 320;

/** Providers that send `email_verified` as a string, contrary to OpenID Connect Core 5.1. */
const TEXT_PROVIDERS = /^https:\/\/(?:appleid\.apple\.com|cognito-idp\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?\/[\w-]+)$/;

/**
 * Reads an identity from verified claims. Descriptive claims never prevent a sign-in: a name that is too long is
 * truncated, an invalid email address is left out.
 * @param more claims of the userinfo endpoint, for an ID token without an email address.
 * @throws zod's error for an invalid `sub` or `sid`.
 */
export function readIdentity(
  issuer: string,
  claims: Claims,
  more?: Claims,
): Omit<VerifiedIdentity, 'idToken' | 'issuedAt'> {
  const { sub, sid } = Identifiers.parse(claims);
  const source = more ?? claims;
  const email = readEmail(source['email']);
  const emailVerified = email !== '' && isVerified(issuer, source['email_verified']);
  return { issuer, sub, sid, email, emailVerified, name: readName(claims['name'] ?? more?.['name']) };
}

/**
 * Returns true if the claim is true (OpenID Connect Core 5.1). Strings count only for providers that are known to send
 * them.
 */
function isVerified(issuer: string, claim: unknown): boolean {
  return claim === true || (claim === 'true' && TEXT_PROVIDERS.test(issuer));
}

function readEmail(claim: unknown): string {
  return typeof claim === 'string' && claim.length <= MAX_EMAIL && isWellFormed(claim) ? claim : '';
}

/** Truncates a name between grapheme clusters. */
function readName(claim: unknown): string {
  if (typeof claim !== 'string') return '';
  const name = claim.slice(0, 2 * MAX_NAME).toWellFormed();
  if (name.length <= MAX_NAME) return name;
  let end = 0;
  for (const { segment, index } of new Intl.Segmenter().segment(name)) {
    if (index + segment.length > MAX_NAME) break;
    end = index + segment.length;
  }
  return name.slice(0, end);
}

function isWellFormed(text: string): boolean {
  return text.isWellFormed();
}
