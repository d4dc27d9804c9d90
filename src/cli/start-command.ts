import type { Command } from 'commander';
import { addEnvFile } from '../config/read-config.js';

/** Adds `gateway start`, which is what the image runs, for those who have the package. */
export function addStart(program: Command): void {
  program
    .command('start')
    .description('run the gateway, until it is told to stop')
    .option('--env <file>', 'take settings from this file too, at each reload anew; the environment comes first')
    .action(async ({ env }: { env?: string }) => {
      if (env !== undefined) addEnvFile(env);
      process.setSourceMapsEnabled(true);
      await import('../main.js');
    });
}
