import type { Environment } from './variables.js';
import type { GatewayConfig } from './gateway-config.js';

/** Reads the log format from an environment that may be invalid. */
export function rawLogFormat(env: Environment): Pick<GatewayConfig['log'], 'format' | 'noColor'> {
  const { LOG_FORMAT: format, NO_COLOR: noColor = '' } = env;
  return { format: format === 'json' || format === 'pretty' ? format : undefined, noColor: noColor !== '' };
}
