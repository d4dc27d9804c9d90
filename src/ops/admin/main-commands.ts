import type { INestApplicationContext } from '@nestjs/common';
import type { GatewayConfig } from '../../config/gateway-config.js';
import type { Observation } from '../../observe/observe.module.js';
import { Protection } from '../../traffic/protection.js';
import type { Drain } from '../drain.js';
import type { Reloader } from '../reload/reloader.js';
import type { AdminCommands } from './admin-messages.js';
import { circuitCommands } from './circuit-commands.js';
import { changeCommands } from './changes/change-commands.js';
import { dryRunCommands } from './dry-run/dry-run.js';
import { PageSnapshot } from './page/page-snapshot.js';
import { stateCommands, stateSources } from './state/state-commands.js';

/** Dependencies of the commands. */
interface CommandParts {
  readonly app: INestApplicationContext;
  readonly config: GatewayConfig;
  readonly observation: Observation;
  readonly drain: Drain;
  readonly reloader: Reloader;
}

/** Returns all commands that the main thread runs for the admin listener. */
export function mainCommands({ app, config, observation, drain, reloader }: CommandParts): AdminCommands {
  const protection = app.get(Protection);
  const sources = stateSources(app, config, observation);
  const page = new PageSnapshot({ ...sources, transitions: () => protection.reports.transitions });
  return {
    ...circuitCommands(protection),
    ...stateCommands(app, sources),
    ...changeCommands(observation, sources.limits.limiter, { drain, reloader }),
    ...dryRunCommands(app, sources),
    'page-snapshot': () => page.read(),
  };
}
