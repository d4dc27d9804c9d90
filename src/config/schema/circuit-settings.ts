import { defaulted, optional, type SettingsOf } from '../setting.js';
import { oneOf } from '../string-parsers.js';
import { count, duration } from '../unit-parsers.js';

/** Settings of the circuit breakers. Each upstream has one for reads and one for writes. */
export const circuitSettings = {
  GATEWAY_CIRCUIT_PRESET: defaulted(oneOf('default', 'strict', 'krakend'), 'default', {
    description:
      'Defaults of the settings below. `default`: opens at 60 % failures of at least 20 calls. `strict`: 60 % of at least 3. `krakend`: 20 consecutive failures, open for 10 s.',
  }),
  GATEWAY_CIRCUIT_ERROR_PERCENT: optional(count({ min: 1, max: 100 }), {
    description:
      'Percentage of failed calls in the window at which a circuit breaker opens. Unset: the value of the preset.',
    example: '80',
  }),
  GATEWAY_CIRCUIT_MIN_REQUESTS: optional(count({ min: 1 }), {
    description: 'Minimum number of calls in the window for the percentage to apply. Unset: the value of the preset.',
    example: '10',
  }),
  GATEWAY_CIRCUIT_CONSECUTIVE_ERRORS: optional(count({ min: 0 }), {
    description:
      'Consecutive failures at which a circuit breaker opens, whatever the percentage; 0 disables it. Unset: the value of the preset.',
    example: '20',
  }),
  GATEWAY_CIRCUIT_WINDOW: defaulted(duration({ min: 1000, max: 600_000 }), '60s', {
    description: 'Length of the sliding window in which calls are counted.',
  }),
  GATEWAY_CIRCUIT_OPEN: optional(duration({ min: 100 }), {
    description: 'How long a circuit breaker stays open before it is half-open, ±10 %. Unset: 30s, with `krakend` 10s.',
    example: '30s',
  }),
  GATEWAY_CIRCUIT_MAX_OPEN: defaulted(duration({ min: 100 }), '120s', {
    description: 'Maximum open time; it doubles each time that a half-open circuit breaker opens again.',
  }),
  GATEWAY_CIRCUIT_HALF_OPEN_MAX: defaulted(count({ min: 1, max: 100 }), '3', {
    description: 'Calls let through while half-open; the circuit breaker closes when this many have succeeded.',
  }),
};

/** Defaults per preset: a failure percentage, and consecutive failures as in KrakenD. */
const PRESETS = {
  default: { errorPercent: 60, minRequests: 20, consecutiveErrors: 0, openMs: 30_000 },
  strict: { errorPercent: 60, minRequests: 3, consecutiveErrors: 0, openMs: 30_000 },
  krakend: { errorPercent: 0, minRequests: 20, consecutiveErrors: 20, openMs: 10_000 },
};

/** Maps the settings of circuit breakers, with the preset as default. */
export function circuitOf(settings: SettingsOf<typeof circuitSettings>) {
  const preset = PRESETS[settings.GATEWAY_CIRCUIT_PRESET];
  return {
    errorPercent: settings.GATEWAY_CIRCUIT_ERROR_PERCENT ?? preset.errorPercent,
    minRequests: settings.GATEWAY_CIRCUIT_MIN_REQUESTS ?? preset.minRequests,
    consecutiveErrors: settings.GATEWAY_CIRCUIT_CONSECUTIVE_ERRORS ?? preset.consecutiveErrors,
    windowMs: settings.GATEWAY_CIRCUIT_WINDOW,
    openMs: settings.GATEWAY_CIRCUIT_OPEN ?? preset.openMs,
    maxOpenMs: settings.GATEWAY_CIRCUIT_MAX_OPEN,
    halfOpenMax: settings.GATEWAY_CIRCUIT_HALF_OPEN_MAX,
  };
}

export type CircuitConfig = Readonly<ReturnType<typeof circuitOf>>;
