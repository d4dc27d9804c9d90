import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
/** Random 96-bit IVs (NIST SP 800-38D 8.2.2), safe for 2^32 texts per key. */
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts values that are stored outside this process (AES-256-GCM). A value sealed under one name does not open under
 * another, so that entries cannot be exchanged.
 */
export class AeadCipher {
  private readonly keys: readonly Buffer[];

  /**
   * @param purpose separates the keys of ciphers that share a secret.
   * @param secrets the first one seals; all of them open, so that the first can be rotated.
   */
  constructor(purpose: string, secrets: readonly string[]) {
    this.keys = secrets.map((secret) => Buffer.from(hkdfSync('sha256', secret, '', purpose, KEY_BYTES)));
  }

  /** Creates a cipher; undefined without a secret. */
  static of(purpose: string, secrets: readonly string[] = []): AeadCipher | undefined {
    return secrets.length === 0 ? undefined : new AeadCipher(purpose, secrets);
  }

  seal(name: string, text: string): string {
    return this.sealBytes(name, Buffer.from(text)).toString('base64');
  }

  /** Decrypts a text; undefined if it was not sealed under this name with one of the secrets. */
  open(name: string, sealed: string): string | undefined {
    return this.openBytes(name, Buffer.from(sealed, 'base64'))?.toString('utf8');
  }

  /** Encrypts binary data; otherwise like {@link seal}. */
  sealBytes(name: string, bytes: Uint8Array): Buffer {
    const [key] = this.keys;
    if (key === undefined) throw new Error('encryption needs a secret');
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(ALGORITHM, key, iv).setAAD(Buffer.from(name));
    const body = cipher.update(bytes);
    // A stream cipher has no remaining output; final() only makes the tag available.
    cipher.final();
    return Buffer.concat([iv, cipher.getAuthTag(), body]);
  }

  /** Decrypts the output of {@link sealBytes}; otherwise like {@link open}. */
  openBytes(name: string, sealed: Buffer): Buffer | undefined {
    if (sealed.length < IV_BYTES + TAG_BYTES) return undefined;
    for (const key of this.keys) {
      const bytes = openWith(key, name, sealed);
      if (bytes !== undefined) return bytes;
    }
    return undefined;
  }
}

function openWith(key: Buffer, name: string, sealed: Buffer): Buffer | undefined {
  const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(name)).setAuthTag(sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  const bytes = decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES));
  try {
    decipher.final();
    return bytes;
  } catch {
    return undefined;
  }
}
