// Runs the specs of a room against mutants of its code: npm run mutation -- --room access
// With --files, a glob below the room, only these files are mutated; with --outside, the specs in test/<room> run too.
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Stryker } from '@stryker-mutator/core';

/** Returns the options of Stryker. Static mutants, such as those in decorators, would each need a run of their own. */
function optionsFor(room, files) {
  return {
    mutate: [`src/${room}/${files}`, '!src/**/*.spec.ts', '!src/**/*.module.ts'],
    // Texts for people: a test that repeated each of them would prove nothing.
    mutator: { excludedMutations: ['StringLiteral'] },
    ignoreStatic: true,
    testRunner: 'vitest',
    plugins: ['@stryker-mutator/vitest-runner'],
    vitest: { configFile: 'scripts/mutation/vitest.config.ts', related: false },
    concurrency: 2,
    // Tools and reports of other commands, which are large or have links that cannot be copied.
    ignorePatterns: ['.cache', 'dist', 'test-artifacts'],
    tempDirName: '.cache/mutation',
    reporters: ['clear-text', 'json'],
    clearTextReporter: { logTests: false, reportTests: false },
    jsonReporter: { fileName: `test-artifacts/mutation/${room}.json` },
  };
}

const { room, files, outside } = parseArgs({
  options: {
    room: { type: 'string' },
    files: { type: 'string', default: '**/*.ts' },
    outside: { type: 'boolean', default: false },
  },
}).values;

if (room === undefined || !existsSync(`src/${room}`)) {
  process.stderr.write('usage: npm run mutation -- --room ROOM [--files GLOB] [--outside]; ROOM is a folder of src/\n');
  process.exitCode = 2;
} else {
  // Read by the configuration of vitest, in processes that Stryker starts.
  process.env.MUTATION_SPECS = JSON.stringify([
    `src/${room}/**/*.spec.ts`,
    ...(outside ? [`test/${room}/**/*.spec.ts`] : []),
  ]);
  await new Stryker(optionsFor(room, files)).runMutationTest();
}
