import { z } from 'zod';

/** Stored data of a browser session. Times are in Unix ms. */
const SessionRecord = z.object({
  /** Name of the identity provider, and the OIDC `iss`, `sub` and `sid` of the user there. */
  provider: z.string(),
  issuer: z.string(),
  identity: z.string(),
  providerSession: z.string().optional(),
  /** Sent to the provider for logout; no other token of the provider is kept. */
  idToken: z.string(),
  createdAt: z.number(),
  /** Identity at AuthService. */
  subject: z.string(),
  tenantId: z.string(),
  /** Tokens of AuthService. */
  accessToken: z.string(),
  refreshToken: z.string(),
  accessExpiresAt: z.number(),
  /** Time from which the access token is renewed although it is still valid. */
  renewAt: z.number(),
  /** Incremented by each renewal, so that waiting requests notice it. */
  generation: z.number(),
});

export type SessionRecord = z.infer<typeof SessionRecord>;

/** Parses a stored record; undefined for a format that another version wrote, whose session has ended. */
export function parseRecord(text: string): SessionRecord | undefined {
  const record = SessionRecord.safeParse(JSON.parse(text));
  return record.success ? record.data : undefined;
}

/** Maximum time before its expiry that an access token is renewed, in ms. */
const EARLIEST_RENEWAL_MS = 30_000;
/** Used if AuthService does not state a lifetime; a token that expires sooner is rejected and then renewed. */
const DEFAULT_LIFE_SECONDS = 300;

/** Returns the times of an access token that was issued at `now` for `expiresIn` seconds. */
export function tokenTimes(now: number, expiresIn: number): Pick<SessionRecord, 'accessExpiresAt' | 'renewAt'> {
  const lifeMs = (expiresIn > 0 ? expiresIn : DEFAULT_LIFE_SECONDS) * 1000;
  return { accessExpiresAt: now + lifeMs, renewAt: now + lifeMs - Math.min(EARLIEST_RENEWAL_MS, lifeMs / 4) };
}
