import { z } from 'zod';
import type { SealedBox } from '../redis/sealed-box.js';
import { LOGIN_COOKIE } from './cookies.js';

/** Longest time from the first step of a sign-in to its last. */
export const LOGIN_LIFE_MS = 600_000;

const LoginTransaction = z.object({
  provider: z.string(),
  state: z.string(),
  nonce: z.string(),
  /** RFC 7636: what the code is worth nothing without. */
  verifier: z.string(),
  returnTo: z.string(),
  /** Empty when no tenant was asked for. */
  tenantId: z.string(),
  /** Unix ms. */
  endsAt: z.number(),
});

/** A sign-in under way. It lives in a cookie of the browser that began it, so that no other can end it. */
export type LoginTransaction = z.infer<typeof LoginTransaction>;

export function sealTransaction(box: SealedBox, transaction: LoginTransaction): string {
  return box.seal(LOGIN_COOKIE, JSON.stringify(transaction));
}

/** Undefined for a cookie that was not sealed here, or too long ago. */
export function openTransaction(box: SealedBox, cookie: string, now: number): LoginTransaction | undefined {
  const text = box.open(LOGIN_COOKIE, cookie);
  if (text === undefined) return undefined;
  const transaction = LoginTransaction.safeParse(JSON.parse(text));
  return transaction.success && transaction.data.endsAt > now ? transaction.data : undefined;
}
