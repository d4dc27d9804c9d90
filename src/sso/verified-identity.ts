import { z } from 'zod';

/** Claims of an ID token or of the userinfo endpoint, as the provider wrote them. */
export type Claims = Readonly<Record<string, unknown>>;

/** A person who signed in at a provider; bounded, since it goes into calls and sessions. */
export interface VerifiedIdentity {
  readonly issuer: string;
  readonly sub: string;
  /** The session at the provider; undefined where the provider names none. */
  readonly sid: string | undefined;
  /** Empty when the provider gives none. */
  readonly email: string;
  readonly emailVerified: boolean;
  /** Empty when the provider gives none. */
  readonly name: string;
  readonly idToken: string;
  /** By the provider's clock, Unix seconds. */
  readonly issuedAt: number;
}

/** What identifies a person and a session there must be exact: it is refused, not changed, when it is not. */
const Identifiers = z.object({
  sub: z.string().min(1).max(255).refine(isWellFormed),
  sid: z.string().min(1).max(255).refine(isWellFormed).optional(),
});

const MAX_NAME = 256;
const MAX_EMAIL = 320;

/** Providers that write `email_verified` as text, against OpenID Connect Core 5.1. */
const TEXT_PROVIDERS = /^https:\/\/(?:appleid\.apple\.com|cognito-idp\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?\/[\w-]+)$/;

/**
 * Reads an identity from verified claims. What only describes a person never keeps them out: a name that is too long is
 * cut, an address that cannot be one is left away.
 * @param more claims of the userinfo endpoint, for an ID token that has no address.
 * @throws zod's error for a `sub` or `sid` that cannot be one.
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

/** A boolean (OpenID Connect Core 5.1). Text counts only from providers that are known for it: anybody's "yes" does not. */
function isVerified(issuer: string, claim: unknown): boolean {
  return claim === true || (claim === 'true' && TEXT_PROVIDERS.test(issuer));
}

function readEmail(claim: unknown): string {
  return typeof claim === 'string' && claim.length <= MAX_EMAIL && isWellFormed(claim) ? claim : '';
}

/** Cut between characters as people see them, so that none is left in half. */
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
