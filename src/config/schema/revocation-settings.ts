import { count, duration } from '../unit-parsers.js';
import { defaulted } from '../setting.js';

/** Credentials that were ended before their time. */
export const revocationSettings = {
  GATEWAY_REVOCATION_MAX: defaulted(count({ min: 1, max: 5_000_000 }), '100000', {
    description:
      'Revoked tokens, and owners of least token versions, kept in memory. Beyond it each unknown token is looked up in Redis.',
  }),
  GATEWAY_REVOCATION_RESYNC_INTERVAL: defaulted(duration({ min: 1000 }), '5m', {
    description: 'How often memory and Redis are compared in full, besides after each loss of the connection.',
  }),
};
