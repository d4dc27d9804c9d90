import { defineConfig } from 'vitest/config';

/** The specs that are run against each mutant, as a JSON list of globs. */
const SPECS = JSON.parse(process.env['MUTATION_SPECS'] ?? '["src/**/*.spec.ts"]') as string[];

export default defineConfig({
  test: {
    include: SPECS,
    exclude: ['**/node_modules/**'],
    setupFiles: ['test/support/reflect.ts'],
    globalSetup: SPECS.some((glob) => glob.startsWith('test/')) ? ['test/support/build-once.ts'] : [],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
  },
});
