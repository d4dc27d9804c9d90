import { type ChannelCredentials, credentials } from '@grpc/grpc-js';
import type { UpstreamConfig } from '../config/gateway-config.js';
import { readTlsMaterial } from './tls-material.js';

/** Credentials of one upstream's channel (row 001-43). Throws at boot for files that are not right. */
export function channelCredentials(upstream: UpstreamConfig): ChannelCredentials {
  const material = readTlsMaterial(upstream);
  if (material === undefined) return credentials.createInsecure();
  const { ca = null, cert = null, key = null } = material;
  return credentials.createSsl(ca, key, cert);
}
