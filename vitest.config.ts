import { configDefaults, defineConfig } from 'vitest/config';

/** Beside the code that they are about, but they start processes. */
const PROCESS_SPECS = ['sandbox/{main,world}.spec.ts', 'src/cli/main.spec.ts'];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          // No module here keeps state, so files can share what they import: that takes longer than most of them do.
          isolate: false,
          include: ['{src,sandbox,bench,scripts}/**/*.spec.ts'],
          exclude: [...configDefaults.exclude, ...PROCESS_SPECS],
          setupFiles: ['test/support/reflect.ts'],
        },
      },
      {
        test: {
          name: 'gateway',
          isolate: false,
          include: ['test/**/*.spec.ts', ...PROCESS_SPECS],
          setupFiles: ['test/support/reflect.ts'],
          testTimeout: 20_000,
          hookTimeout: 30_000,
          // States are waited for as long as a busy machine takes to reach them.
          expect: { poll: { timeout: 8_000 } },
        },
      },
    ],
  },
});
