import { StopSignals } from './stop-signals.js';

// Runs before other modules are loaded, which takes a while: PID 1 of a container has no default action for signals.
const signals = new StopSignals();
await import('reflect-metadata');
const { runGateway } = await import('./run-gateway.js');
await runGateway(signals);
