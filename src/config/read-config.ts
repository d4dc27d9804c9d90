import { parseEnvironment } from './environment.js';
import type { GatewayConfig } from './gateway-config.js';
import type { Environment } from './variables.js';

/** The settings of this process. Throws ConfigError. */
export function readConfig(): GatewayConfig {
  return parseEnvironment(processEnvironment());
}

/** What this process was started with: the one place that reads `process.env`. */
export function processEnvironment(): Environment {
  return process.env;
}
