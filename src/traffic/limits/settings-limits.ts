import type { RateLimitConfig } from '../../config/schema/rate-limit-settings.js';
import { type ClusterLimit, clusterLimit, instanceLimit } from './limit.js';

/** Returns the limits of addresses and of callers, where they are configured. */
export function settingsLimits({
  ip,
  user,
  replicas,
}: RateLimitConfig): readonly [ClusterLimit | undefined, ClusterLimit | undefined] {
  return [ip && countedHere(ip), user && clusterLimit('user', user, replicas)];
}

/** Returns a limit that each instance counts for itself, regardless of the number of instances. */
function countedHere(rate: Parameters<typeof instanceLimit>[1]): ClusterLimit {
  const limit = instanceLimit('ip', rate);
  return { whole: limit, share: limit };
}
