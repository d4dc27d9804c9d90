import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const TLS = join(import.meta.dirname, 'tls/listener');

/** Path of a certificate or key that `scripts/test-certificates.sh` made. */
export const listenerPem = (name: string) => join(TLS, `${name}.pem`);

/** Content of the file. */
export const readListenerPem = (name: string) => readFileSync(listenerPem(name));

/** A folder with the certificate and the key of a listener, which tests replace while it runs. */
export class ListenerFiles {
  readonly folder = mkdtempSync(join(tmpdir(), 'listener-'));
  readonly cert = join(this.folder, 'tls.crt');
  readonly key = join(this.folder, 'tls.key');
  readonly socket = join(this.folder, 'api.sock');

  constructor(pair = 'server') {
    this.use(pair);
  }

  /** Settings of a listener with TLS. */
  get env(): Record<string, string> {
    return { GATEWAY_TLS_CERT_FILE: this.cert, GATEWAY_TLS_KEY_FILE: this.key };
  }

  /** Replaces both files, as a mounted Secret or certbot does: by others of the same names. */
  use(certificate: string, key = certificate): void {
    this.replace(this.cert, readListenerPem(certificate));
    this.replace(this.key, readListenerPem(`${key}-key`));
  }

  replace(path: string, content: Buffer | string): void {
    writeFileSync(`${path}.new`, content);
    renameSync(`${path}.new`, path);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
