import { randomUUID } from 'node:crypto';
import { type CryptoKey, exportJWK, generateKeyPair, type JSONWebKeySet, type JWK } from 'jose';

export const ALGORITHM = 'RS256';
const MAX_OLD_KEYS = 10;

interface SigningKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

/** The RS256 keys of one issuer: the newest signs, all of them are published until they are withdrawn. */
export class SigningKeys {
  #current: SigningKey;
  #old: readonly SigningKey[] = [];

  private constructor(first: SigningKey) {
    this.#current = first;
  }

  static async create(): Promise<SigningKeys> {
    return new SigningKeys(await generate());
  }

  get current(): SigningKey {
    return this.#current;
  }

  /** RFC 7517 key set with the public keys. */
  jwks(): JSONWebKeySet {
    return { keys: [this.#current, ...this.#old].map((key) => key.publicJwk) };
  }

  /** Signs with a new key from now on; tokens of the old ones stay good. Gives the new `kid`: any, unless one is given. */
  async rotate(kid?: string): Promise<string> {
    const next = await generate(kid);
    this.#old = [this.#current, ...this.#old].slice(0, MAX_OLD_KEYS);
    this.#current = next;
    return next.kid;
  }

  /** Publishes the current key alone: tokens of earlier keys are void. */
  forgetOldKeys(): void {
    this.#old = [];
  }
}

async function generate(kid: string = randomUUID()): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  return { kid, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg: ALGORITHM, use: 'sig' } };
}
