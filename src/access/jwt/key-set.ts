import { createPublicKey, hash, type JsonWebKey } from 'node:crypto';
import { createLocalJWKSet, type JSONWebKeySet, type JWK } from 'jose';
import { z } from 'zod';

/** Keys that an issuer may publish and tokens may be signed with. */
export const ALGORITHMS = ['RS256', 'ES256', 'EdDSA'];

/** RFC 7518 3.3: shorter ones can be taken apart. */
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
  /** A private key that was published: anybody can sign with it. */
  d: z.undefined().optional(),
};

/** A public key that signatures may be checked with: no `oct`, none for encryption. */
const UsableKey = z.discriminatedUnion('kty', [
  z.object({ kty: z.literal('RSA'), n: TextField, e: TextField, ...Common }),
  z.object({ kty: z.literal('EC'), crv: z.literal('P-256'), x: TextField, y: TextField, ...Common }),
  z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: TextField, ...Common }),
]);

/** The keys of an issuer, ready to check signatures with. */
export interface KeySet {
  readonly kids: ReadonlySet<string>;
  /** What tells keys apart, whatever they are named: name, algorithm and thumbprint (RFC 7638). */
  readonly identities: ReadonlySet<string>;
  /** Finds the key of a token, as jose's verification asks for it. */
  readonly find: ReturnType<typeof createLocalJWKSet>;
}

/** Reads a key set (RFC 7517 5), leaving out keys that are no good. Throws for text that is none, or that holds none or two of one name. */
export function parseKeySet(text: string): KeySet {
  const { keys } = KeySetText.parse(JSON.parse(text));
  const usable: JWK[] = keys.filter((key) => UsableKey.safeParse(key).success && isSound(key));
  if (usable.length === 0) throw new Error(`none of its ${keys.length} keys can check a signature`);
  const kids = usable.flatMap(({ kid }) => kid ?? []);
  const repeated = kids.find((kid, index) => kids.indexOf(kid) !== index);
  if (repeated !== undefined) throw new Error(`two keys are named ${JSON.stringify(repeated)}`);
  return {
    kids: new Set(kids),
    identities: new Set(usable.map(identityOf)),
    find: createLocalJWKSet({ keys: usable } satisfies JSONWebKeySet),
  };
}

/** A key that is published under another name or for another algorithm no longer verifies the tokens that it did. */
function identityOf(key: JWK): string {
  return JSON.stringify([key.kid, key.alg, thumbprint(key)]);
}

/** SHA-256 of the members that make a key, in lexicographic order (RFC 7638, section 3.2; RFC 8037, section 2). */
function thumbprint({ crv, e, kty, n, x, y }: JWK): string {
  const members = kty === 'RSA' ? { e, kty, n } : kty === 'EC' ? { crv, kty, x, y } : { crv, kty, x };
  return hash('sha256', JSON.stringify(members), 'base64url');
}

/** Whether the numbers of a key are one, and one that is long enough. */
function isSound(key: JsonWebKey): boolean {
  try {
    const { modulusLength = MIN_RSA_BITS } = createPublicKey({ key, format: 'jwk' }).asymmetricKeyDetails ?? {};
    return modulusLength >= MIN_RSA_BITS;
  } catch {
    return false;
  }
}
