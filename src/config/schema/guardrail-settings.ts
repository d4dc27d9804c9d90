import { duration, flag } from '../unit-parsers.js';
import { defaulted } from '../setting.js';

/** The guardrail, beside its settings as an upstream. */
export const guardrailSettings = {
  GATEWAY_GUARDRAIL_CHUNK_TIMEOUT: defaulted(duration({ max: 60_000 }), '50ms', {
    description:
      'Budget of one check of stream messages. The check of a request or of a whole response has `GATEWAY_GUARDRAIL_TIMEOUT`.',
  }),
  GATEWAY_GUARDRAIL_FAIL_OPEN: defaulted(flag, 'false', {
    description:
      'What happens when the guardrail cannot decide (timeout, error, open circuit): `true` lets the message pass unchecked, `false` answers 503 `UPSTREAM_UNAVAILABLE`.',
  }),
};
