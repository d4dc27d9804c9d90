/** Settings with short intervals, so that faults take effect and are repaired soon; the health of upstreams is checked only one time, so that all calls are those of the test. */
export const SHORT = {
  GATEWAY_GRPC_INITIAL_BACKOFF: '100ms',
  GATEWAY_GRPC_MAX_BACKOFF: '200ms',
  GATEWAY_HEALTH_INTERVAL: '1h',
};

/** A circuit that never opens, where each fault is to be seen for itself. */
export const NO_CIRCUIT = { GATEWAY_CIRCUIT_ERROR_PERCENT: '100', GATEWAY_CIRCUIT_MIN_REQUESTS: '100000' };

/** Three failures open a circuit, for a fifth of a second at first. */
export const QUICK_CIRCUIT = {
  GATEWAY_CIRCUIT_PRESET: 'strict',
  GATEWAY_CIRCUIT_OPEN: '200ms',
  GATEWAY_CIRCUIT_MAX_OPEN: '400ms',
  GATEWAY_USER_TIMEOUT: '150ms',
};

/** Three failures open a circuit, and it stays open. */
export const LASTING_CIRCUIT = { ...QUICK_CIRCUIT, GATEWAY_CIRCUIT_OPEN: '60s', GATEWAY_CIRCUIT_MAX_OPEN: '60s' };
