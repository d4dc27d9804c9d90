import { createPublicKey, hash, type JsonWebKey } from 'node:crypto';
import { createLocalJWKSet, type JSONWebKeySet, type JWK } from 'jose';
import { z } from 'zod';

/** Algorithms that are accepted for tokens of issuers that publish their keys. */
export const ALGORITHMS = ['RS256', 'ES256', 'EdDSA'];

/** Minimum RSA key length in bits (RFC 7518 3.3). */
const MIN_RSA_BITS = 2048;
const MAX_KEYS = 100;

const KeySetText = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(MAX_KEYS) });

const TextField = z.string().max(8192);
const Common = {
  kid: z.string().min(1).max(256).optional(),
  use: z.literal('sig').optional(),
  key_ops: z
    .array(z.string())
    .refine((operations) => operations.includes('verify'))
    .optional(),
  alg: z.enum(ALGORITHMS).optional(),
  /** A published private key is rejected: anyone could sign with it. */
  d: z.undefined().optional(),
};

/** Public key for signatures: `oct` keys and encryption keys are excluded. */
const UsableKey = z.discriminatedUnion('kty', [
  z.object({ kty: z.literal('RSA'), n: TextField, e: TextField, ...Common }),
  z.object({ kty: z.literal('EC'), crv: z.literal('P-256'), x: TextField, y: TextField, ...Common }),
  z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: TextField, ...Common }),
]);

/** Keys of an issuer, ready to verify signatures. */
export interface KeySet {
  readonly kids: ReadonlySet<string>;
  /** Identity of each key: name, algorithm and thumbprint (RFC 7638). */
  readonly identities: ReadonlySet<string>;
  /** Finds the key of a token, in the form that jose's verification needs. */
  readonly find: ReturnType<typeof createLocalJWKSet>;
}

/**
 * Parses a key set (RFC 7517 5) and leaves out unusable keys. Throws if the text is not a key set, or if it has no
 * usable key or two with the same `kid`.
 */
export function parseKeySet(text: string): KeySet {
  const { keys } = KeySetText.parse(JSON.parse(text));
  const usable: JWK[] = keys.filter((key) => UsableKey.safeParse(key).success && isSound(key));
  if (usable.length === 0) throw new Error(`none of its ${keys.length} keys can verify signatures`);
  const kids = usable.flatMap(({ kid }) => kid ?? []);
  const repeated = kids.find((kid, index) => kids.indexOf(kid) !== index);
  if (repeated !== undefined) throw new Error(`two keys are named ${JSON.stringify(repeated)}`);
  return {
    kids: new Set(kids),
    identities: new Set(usable.map(identityOf)),
    find: createLocalJWKSet({ keys: usable } satisfies JSONWebKeySet),
  };
}

/** Returns the identity of a key. A key with another name or algorithm does not verify the same tokens. */
function identityOf(key: JWK): string {
  return JSON.stringify([key.kid, key.alg, thumbprint(key)]);
}

/** Returns the SHA-256 thumbprint of the required members in lexicographic order (RFC 7638 3.2, RFC 8037 2). */
function thumbprint({ crv, e, kty, n, x, y }: JWK): string {
  const members = kty === 'RSA' ? { e, kty, n } : kty === 'EC' ? { crv, kty, x, y } : { crv, kty, x };
  return hash('sha256', JSON.stringify(members), 'base64url');
}

/** Returns true if the numbers are a valid key of sufficient length. */
function isSound(key: JsonWebKey): boolean {
  try {
    const { modulusLength = MIN_RSA_BITS } = createPublicKey({ key, format: 'jwk' }).asymmetricKeyDetails ?? {};
    return modulusLength >= MIN_RSA_BITS;
  } catch {
    return false;
  }
}
