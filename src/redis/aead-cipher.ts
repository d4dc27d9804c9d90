import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
/** NIST SP 800-38D 8.2.2: random and of 96 bits, good for 2^32 texts a key. */
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Encrypts what is kept outside this process. What was sealed under one name does not open under another, so that entries cannot be exchanged. */
export class AeadCipher {
  private readonly keys: readonly Buffer[];

  /**
   * @param purpose separates the keys of several boxes with the same secret.
   * @param secrets the first one seals; all of them open, so that the first can be rotated.
   */
  constructor(purpose: string, secrets: readonly string[]) {
    this.keys = secrets.map((secret) => Buffer.from(hkdfSync('sha256', secret, '', purpose, KEY_BYTES)));
  }

  /** Undefined without a secret. */
  static of(purpose: string, secrets: readonly string[] = []): AeadCipher | undefined {
    return secrets.length === 0 ? undefined : new AeadCipher(purpose, secrets);
  }

  seal(name: string, text: string): string {
    return this.sealBytes(name, Buffer.from(text)).toString('base64');
  }

  /** Undefined for whatever was not sealed under this name with one of the secrets. */
  open(name: string, sealed: string): string | undefined {
    return this.openBytes(name, Buffer.from(sealed, 'base64'))?.toString('utf8');
  }

  /** {@link seal} for what is large and no text. */
  sealBytes(name: string, bytes: Uint8Array): Buffer {
    const [key] = this.keys;
    if (key === undefined) throw new Error('a sealed box needs a secret');
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(ALGORITHM, key, iv).setAAD(Buffer.from(name));
    const body = cipher.update(bytes);
    // Of a stream cipher nothing is left; the tag is there only after the end.
    cipher.final();
    return Buffer.concat([iv, cipher.getAuthTag(), body]);
  }

  /** {@link open} for what {@link sealBytes} made. */
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
