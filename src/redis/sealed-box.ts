import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
/** NIST SP 800-38D 8.2.2: random and of 96 bits, good for 2^32 texts a key. */
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Encrypts what is kept outside this process. What was sealed under one name does not open under another, so that entries cannot be exchanged. */
export class SealedBox {
  private readonly keys: readonly Buffer[];

  /**
   * @param purpose separates the keys of several boxes with the same secret.
   * @param secrets the first one seals; all of them open, so that the first can be rotated.
   */
  constructor(purpose: string, secrets: readonly string[]) {
    this.keys = secrets.map((secret) => Buffer.from(hkdfSync('sha256', secret, '', purpose, KEY_BYTES)));
  }

  seal(name: string, text: string): string {
    const [key] = this.keys;
    if (key === undefined) throw new Error('a sealed box needs a secret');
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(ALGORITHM, key, iv).setAAD(Buffer.from(name));
    const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64');
  }

  /** Undefined for whatever was not sealed under this name with one of the secrets. */
  open(name: string, sealed: string): string | undefined {
    const bytes = Buffer.from(sealed, 'base64');
    if (bytes.length < IV_BYTES + TAG_BYTES) return undefined;
    return this.keys.map((key) => openWith(key, name, bytes)).find((text) => text !== undefined);
  }
}

function openWith(key: Buffer, name: string, bytes: Buffer): string | undefined {
  const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(name)).setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}
