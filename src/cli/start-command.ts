import type { Command } from 'commander';
import { addEnvFile } from '../config/read-config.js';

/** Adds `gateway start`, which runs what the image runs, for users of the package. */
export function addStart(program: Command): void {
  program
    .command('start')
    .description('run the gateway until it receives a stop signal')
    .option('--env <file>', 'also read settings from this file, at each reload again; the environment takes precedence')
    .action(async ({ env }: { env?: string }) => {
      if (env !== undefined) addEnvFile(env);
      process.setSourceMapsEnabled(true);
      await import('../main.js');
    });
}
