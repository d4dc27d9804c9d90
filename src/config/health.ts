import type { ListenAddress } from './listen-address.js';
import type { Settings } from './schema.js';

/** Intervals of health checks, and hosts checked at start. */
export interface HealthConfig {
  readonly intervalMs: number;
  readonly recoveryHoldMs: number;
  /** 0 disables the comparison of contracts. */
  readonly driftIntervalMs: number;
  /** Hosts that must accept a TCP connection at start. */
  readonly netcheckHosts: readonly ListenAddress[];
}

/** Maps the settings of health checks. */
export function healthOf(settings: Settings): HealthConfig {
  return {
    intervalMs: settings.GATEWAY_HEALTH_INTERVAL,
    recoveryHoldMs: settings.GATEWAY_RECOVERY_HOLD,
    driftIntervalMs: settings.GATEWAY_CONTRACT_DRIFT_INTERVAL,
    netcheckHosts: settings.GATEWAY_STARTUP_NETCHECK_HOSTS,
  };
}
