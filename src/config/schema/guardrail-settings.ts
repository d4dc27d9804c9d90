import { defaulted, type SettingsOf } from '../setting.js';
import { duration, flag } from '../unit-parsers.js';

/** Settings of the guardrail in addition to its upstream settings. */
export const guardrailSettings = {
  GATEWAY_GUARDRAIL_CHUNK_TIMEOUT: defaulted(duration({ max: 60_000 }), '50ms', {
    description:
      'Deadline of one check of stream messages. The check of a request or of a whole response has `GATEWAY_GUARDRAIL_TIMEOUT`.',
  }),
  GATEWAY_GUARDRAIL_FAIL_OPEN: defaulted(flag, 'false', {
    description:
      'Behavior when the guardrail cannot decide (timeout, error, open circuit breaker): `true` lets the message pass unchecked, `false` responds with 503 `UPSTREAM_UNAVAILABLE`.',
  }),
};

/** Maps the settings of the guardrail. */
export function guardrailOf(settings: SettingsOf<typeof guardrailSettings>) {
  return {
    chunkTimeoutMs: settings.GATEWAY_GUARDRAIL_CHUNK_TIMEOUT,
    failOpen: settings.GATEWAY_GUARDRAIL_FAIL_OPEN,
  };
}

export type GuardrailConfig = Readonly<ReturnType<typeof guardrailOf>>;
