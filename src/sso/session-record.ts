import { z } from 'zod';

/** What the gateway knows of a browser session. Times are Unix ms. */
const SessionRecord = z.object({
  /** Name of the identity provider, its issuer, and who signed in there, in which of its sessions (OIDC `iss`, `sub`, `sid`). */
  provider: z.string(),
  issuer: z.string(),
  identity: z.string(),
  providerSession: z.string().optional(),
  /** Sent back to the provider to sign out there; nothing else of the provider's tokens is kept. */
  idToken: z.string(),
  createdAt: z.number(),
  /** Who it is to AuthService. */
  subject: z.string(),
  tenantId: z.string(),
  /** AuthService's tokens. */
  accessToken: z.string(),
  refreshToken: z.string(),
  accessExpiresAt: z.number(),
  /** From here on the access token is renewed while it is still good. */
  renewAt: z.number(),
  /** Grows with each renewal: who waits for one sees that it happened. */
  generation: z.number(),
});

export type SessionRecord = z.infer<typeof SessionRecord>;

/** Undefined for text that an earlier version wrote in another form: its session has ended. */
export function parseRecord(text: string): SessionRecord | undefined {
  const record = SessionRecord.safeParse(JSON.parse(text));
  return record.success ? record.data : undefined;
}

/** Longest time before its end that an access token is renewed, in ms. */
const EARLIEST_RENEWAL_MS = 30_000;
/** Assumed where AuthService does not say; one that ends sooner is refused and then renewed. */
const DEFAULT_LIFE_SECONDS = 300;

/** The times of an access token that was issued just now, for so many seconds. */
export function tokenTimes(now: number, expiresIn: number): Pick<SessionRecord, 'accessExpiresAt' | 'renewAt'> {
  const lifeMs = (expiresIn > 0 ? expiresIn : DEFAULT_LIFE_SECONDS) * 1000;
  return { accessExpiresAt: now + lifeMs, renewAt: now + lifeMs - Math.min(EARLIEST_RENEWAL_MS, lifeMs / 4) };
}
