import type { Environment } from './variables.js';
import type { GatewayConfig } from './gateway-config.js';

/** Reads the form of the log where the settings as a whole are wrong, and this one may be. */
export function rawLogFormat(env: Environment): Pick<GatewayConfig['log'], 'format' | 'noColor'> {
  const { LOG_FORMAT: format, NO_COLOR: noColor = '' } = env;
  return { format: format === 'json' || format === 'pretty' ? format : undefined, noColor: noColor !== '' };
}
