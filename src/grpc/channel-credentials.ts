import { readFileSync } from 'node:fs';
import { type ChannelCredentials, credentials } from '@grpc/grpc-js';
import type { UpstreamConfig } from '../config/gateway-config.js';

/**
 * Credentials of one upstream's channel (row 001-43).
 * Throws at boot, naming the file, when one cannot be read or is no PEM; there is no way back to plaintext.
 */
export function channelCredentials({ name, tls }: UpstreamConfig): ChannelCredentials {
  if (tls.mode === 'insecure') return credentials.createInsecure();
  const read = (file: string | undefined): Buffer | null => (file === undefined ? null : readPem(name, file));
  if (tls.mode === 'tls') return credentials.createSsl(read(tls.caFile));
  if (tls.certFile === undefined || tls.keyFile === undefined) {
    throw new Error(`TLS of the upstream "${name}": mtls needs a certificate file and a key file`);
  }
  return credentials.createSsl(read(tls.caFile), read(tls.keyFile), read(tls.certFile));
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
