import { z } from 'zod';

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
  /** Begun with `prompt=none`: whatever comes of it, the person sees no page of the gateway's. */
  silent: z.boolean(),
  /** Unix ms. */
  endsAt: z.number(),
});

/** A sign-in under way. It lives in a cookie of the browser that began it, so that no other can end it. */
export type LoginTransaction = z.infer<typeof LoginTransaction>;

/** Undefined for text that an earlier version wrote in another form. */
export function parseTransaction(text: string): LoginTransaction | undefined {
  const transaction = LoginTransaction.safeParse(JSON.parse(text));
  return transaction.success ? transaction.data : undefined;
}
