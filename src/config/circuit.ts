import type { CircuitConfig } from './gateway-config.js';
import type { Settings } from './schema.js';

type Preset = Pick<CircuitConfig, 'errorPercent' | 'minRequests' | 'consecutiveErrors' | 'openMs'>;

/** Defaults per preset: a failure percentage, and consecutive failures as in KrakenD. */
const PRESETS: Readonly<Record<Settings['GATEWAY_CIRCUIT_PRESET'], Preset>> = {
  default: { errorPercent: 60, minRequests: 20, consecutiveErrors: 0, openMs: 30_000 },
  strict: { errorPercent: 60, minRequests: 3, consecutiveErrors: 0, openMs: 30_000 },
  krakend: { errorPercent: 0, minRequests: 20, consecutiveErrors: 20, openMs: 10_000 },
};

/** Maps the settings of circuit breakers, with the preset as default. */
export function circuitOf(settings: Settings): CircuitConfig {
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
