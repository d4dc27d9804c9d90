import { parseEnvironment } from './environment.js';
import type { GatewayConfig } from './gateway-config.js';

/** The settings of this process: the one place that reads `process.env`. Throws ConfigError. */
export function readConfig(): GatewayConfig {
  return parseEnvironment(process.env);
}
