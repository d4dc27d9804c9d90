import type { ListenAddress } from './listen-address.js';
import type { Settings } from './schema.js';

/** How often things outside of this process are looked at. */
export interface HealthConfig {
  readonly intervalMs: number;
  readonly recoveryHoldMs: number;
  /** 0: the contracts of backends are not compared. */
  readonly driftIntervalMs: number;
  /** Without a connection to each of them the gateway does not start. */
  readonly netcheckHosts: readonly ListenAddress[];
}

/** The settings of these looks. */
export function healthOf(settings: Settings): HealthConfig {
  return {
    intervalMs: settings.GATEWAY_HEALTH_INTERVAL,
    recoveryHoldMs: settings.GATEWAY_RECOVERY_HOLD,
    driftIntervalMs: settings.GATEWAY_CONTRACT_DRIFT_INTERVAL,
    netcheckHosts: settings.GATEWAY_STARTUP_NETCHECK_HOSTS,
  };
}
