import { count, duration } from '../unit-parsers.js';
import { defaulted, optional } from '../setting.js';
import { oneOf } from '../string-parsers.js';

/** When an upstream that fails is left alone for a while. One circuit for the reads and one for the writes of each. */
export const circuitSettings = {
  GATEWAY_CIRCUIT_PRESET: defaulted(oneOf('default', 'strict', 'krakend'), 'default', {
    description:
      'Where the settings below start from. `default`: 60 % of at least 20 calls. `strict`: 60 % of at least 3. `krakend`: 20 failures in a row, open for 10 s.',
  }),
  GATEWAY_CIRCUIT_ERROR_PERCENT: optional(count({ min: 1, max: 100 }), {
    description: 'Share of failed calls in the window that opens a circuit. Unset: that of the preset.',
    example: '80',
  }),
  GATEWAY_CIRCUIT_MIN_REQUESTS: optional(count({ min: 1 }), {
    description: 'Fewest calls in the window that a share is taken of. Unset: that of the preset.',
    example: '10',
  }),
  GATEWAY_CIRCUIT_CONSECUTIVE_ERRORS: optional(count({ min: 0 }), {
    description: 'Failures in a row that open a circuit whatever their share; 0 for none. Unset: that of the preset.',
    example: '20',
  }),
  GATEWAY_CIRCUIT_WINDOW: defaulted(duration({ min: 1000, max: 600_000 }), '60s', {
    description: 'How far back calls are counted.',
  }),
  GATEWAY_CIRCUIT_OPEN: optional(duration({ min: 100 }), {
    description:
      'How long a circuit stays open before it is tried again, give or take 10 %. Unset: 30s, in `krakend` 10s.',
    example: '30s',
  }),
  GATEWAY_CIRCUIT_MAX_OPEN: defaulted(duration({ min: 100 }), '120s', {
    description: 'The longest that becomes: it doubles each time that a try fails.',
  }),
  GATEWAY_CIRCUIT_HALF_OPEN_MAX: defaulted(count({ min: 1, max: 100 }), '3', {
    description: 'Calls let through to try a circuit; it closes when as many have succeeded.',
  }),
};
