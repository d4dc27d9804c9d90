import type { TestProject } from 'vitest/node';
import { buildGateway } from './build.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder of the built gateway: `dist/main.js` and `bin/gateway.js` are in it. */
    readonly builtGateway: string;
  }
}

/** Builds the gateway before the first file, for all whose gateway is a process: that starts in half the time of the sources. */
export function setup(project: TestProject): void {
  project.provide('builtGateway', buildGateway());
}
