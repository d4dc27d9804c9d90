import type { INestApplicationContext } from '@nestjs/common';
import type { GatewayConfig } from '../../config/gateway-config.js';
import type { Observation } from '../../observe/observe.module.js';
import { RateLimiter } from '../../traffic/limits/rate-limiter.js';
import { Protection } from '../../traffic/protection.js';
import type { Drain } from '../drain.js';
import type { AdminCommands } from './admin-commands.js';
import { circuitCommands } from './circuit-commands.js';
import { changeCommands } from './changes/change-commands.js';
import { stateCommands } from './state/state-commands.js';

/** All that the main thread does for the admin listener. */
export function mainCommands(
  app: INestApplicationContext,
  config: GatewayConfig,
  observation: Observation,
  drain: Drain,
): AdminCommands {
  return {
    ...circuitCommands(app.get(Protection)),
    ...stateCommands(app, config, observation),
    ...changeCommands(observation, app.get(RateLimiter), drain),
  };
}
