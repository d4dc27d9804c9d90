import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { UpstreamConfig } from '../config/upstreams.js';

/** Contents of an upstream's PEM files, as node:tls takes them. */
export interface TlsMaterial {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/**
 * Reads the PEM files of an upstream, undefined when it is not encrypted. Read anew for each connection, so that
 * rotated files are used without a restart.
 * Throws, naming the file, when one cannot be read or is no PEM; there is no way back to plaintext.
 */
export function readTlsMaterial({ name, tls }: UpstreamConfig): TlsMaterial | undefined {
  if (tls.mode === 'insecure') return undefined;
  const authorities = tls.caFile === undefined ? {} : { ca: readPem(name, tls.caFile) };
  if (tls.mode === 'tls') return authorities;
  if (tls.certFile === undefined || tls.keyFile === undefined) {
    throw new Error(`TLS of the upstream "${name}": mtls needs a certificate file and a key file`);
  }
  return { ...authorities, cert: readPem(name, tls.certFile), key: readPem(name, tls.keyFile) };
}

/** Throws, naming the upstream, when its PEM files cannot be used: at boot, where somebody is there to see it. */
export function checkTlsMaterial(upstream: UpstreamConfig): void {
  const material = readTlsMaterial(upstream);
  try {
    if (material !== undefined) createSecureContext(material);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown';
    throw new Error(`TLS of the upstream "${upstream.name}": the files cannot be used: ${reason}`, { cause: error });
  }
}

function readPem(upstream: string, file: string): Buffer {
  let content: Buffer;
  try {
    content = readFileSync(file);
  } catch (error) {
    throw new Error(`TLS of the upstream "${upstream}": ${file} cannot be read`, { cause: error });
  }
  if (!content.includes('-----BEGIN ')) throw new Error(`TLS of the upstream "${upstream}": ${file} is no PEM file`);
  return content;
}
