import { count, duration } from '../unit-parsers.js';
import { defaulted } from '../setting.js';

/** Settings of revoked credentials. */
export const revocationSettings = {
  GATEWAY_REVOCATION_MAX: defaulted(count({ min: 1, max: 5_000_000 }), '100000', {
    description:
      'Maximum number of revoked tokens, and of owners with a minimum token version, in memory. Beyond it each unknown token is looked up in Redis.',
  }),
  GATEWAY_REVOCATION_RESYNC_INTERVAL: defaulted(duration({ min: 1000 }), '5m', {
    description: 'Interval of full synchronization of memory with Redis, in addition to one after each reconnect.',
  }),
};
