import { StopSignals } from './stop-signals.js';

// Before anything else is loaded, which takes a while: the first process of a container has no default action for signals.
const signals = new StopSignals();
await import('reflect-metadata');
const { runGateway } = await import('./run-gateway.js');
await runGateway(signals);
