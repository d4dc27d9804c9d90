import { z } from 'zod';

/** Maximum time from the first step of a sign-in to its last, in ms. */
export const LOGIN_LIFE_MS = 600_000;

const LoginTransaction = z.object({
  provider: z.string(),
  state: z.string(),
  nonce: z.string(),
  /** PKCE code verifier (RFC 7636), without which the code is useless. */
  verifier: z.string(),
  returnTo: z.string(),
  /** Empty if no tenant was requested. */
  tenantId: z.string(),
  /** True for `prompt=none`: the user never sees a page of the gateway, whatever the outcome. */
  silent: z.boolean(),
  /** Unix ms. */
  endsAt: z.number(),
});

/**
 * Sign-in in progress. It is stored in a cookie of the browser that began it, so that no other browser can complete it.
 */
export type LoginTransaction = z.infer<typeof LoginTransaction>;

/** Parses a stored sign-in; undefined for a format that another version wrote. */
export function parseTransaction(text: string): LoginTransaction | undefined {
  const transaction = LoginTransaction.safeParse(JSON.parse(text));
  return transaction.success ? transaction.data : undefined;
}
