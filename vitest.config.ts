import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { serverSpecs } from './test/server-specs.js';

/** Specs beside the code that they are about which start servers or processes, or wait for seconds on a real clock. */
const SERVER_SPECS = ['sandbox/**/*.spec.ts', 'src/cli/main.spec.ts', ...serverSpecs()];

/** No test is timed: states are waited for as long as a busy machine takes to reach them. */
const PATIENT = { testTimeout: 120_000, hookTimeout: 120_000, expect: { poll: { timeout: 30_000 } } };

/** Files share what they import, since no module keeps state: loading it takes longer than most of them do. */
const SHARED = { isolate: false, setupFiles: ['test/support/reflect.ts'] };

/** Starts the drill first: it takes minutes, and at the end everything would wait for it. */
class DrillFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isDrill = ({ moduleId }: TestSpecification) => moduleId.endsWith('test/drill/drill.spec.ts');
    const sorted = await super.sort(files);
    return [...sorted.filter(isDrill), ...sorted.filter((each) => !isDrill(each))];
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: DrillFirst },
    projects: [
      {
        test: {
          ...SHARED,
          ...PATIENT,
          name: 'unit',
          include: ['{src,bench,scripts}/**/*.spec.ts'],
          exclude: ['**/node_modules/**', ...SERVER_SPECS],
        },
      },
      {
        test: {
          ...SHARED,
          ...PATIENT,
          name: 'gateway',
          include: ['test/**/*.spec.ts', ...SERVER_SPECS],
          exclude: ['**/node_modules/**'],
          globalSetup: ['test/support/build-once.ts'],
        },
      },
    ],
  },
});
