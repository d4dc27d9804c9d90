import type { RateLimitConfig } from '../../config/gateway-config.js';
import { type ClusterLimit, clusterLimit, instanceLimit } from './limit.js';

/** The limits of addresses and of callers, where there are any. */
export function settingsLimits({
  ip,
  user,
  replicas,
}: RateLimitConfig): readonly [ClusterLimit | undefined, ClusterLimit | undefined] {
  return [ip && countedHere(ip), user && clusterLimit('user', user, replicas)];
}

/** A limit that each instance counts for itself, however many there are. */
function countedHere(rate: Parameters<typeof instanceLimit>[1]): ClusterLimit {
  const limit = instanceLimit('ip', rate);
  return { whole: limit, share: limit };
}
