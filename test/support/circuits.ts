import { expect } from 'vitest';
import type { CircuitConfig } from '../../src/config/schema/circuit-settings.js';
import { Circuit, type CircuitState, REFUSED, type Verdict } from '../../src/traffic/breaker-circuit.js';
import { CIRCUIT } from './stack-fixture.js';

/** A circuit and its changes so far. */
export interface Watched {
  readonly circuit: Circuit;
  readonly changes: CircuitState[];
}

/** A circuit on the clock of this process, which a test may fake; `random` 0.5 means no jitter. */
export function watched(settings: Partial<CircuitConfig> = {}, random = () => 0.5): Watched {
  const changes: CircuitState[] = [];
  const clock = { now: () => performance.now(), random };
  const circuit = new Circuit({ ...CIRCUIT, ...settings }, (to) => changes.push(to), clock);
  return { circuit, changes };
}

/** Calls, one after the other, as far as they are let in. */
export function call(circuit: Circuit, verdict: Verdict, times = 1): void {
  for (let n = 0; n < times; n++) {
    const ticket = circuit.enter();
    if (ticket !== REFUSED) circuit.leave(ticket, verdict);
  }
}

/** A circuit that has just opened. */
export function opened(settings: Partial<CircuitConfig> = {}, random?: () => number): Watched {
  const made = watched(settings, random);
  call(made.circuit, 'failure', 20);
  expect(made.circuit.state).toBe('open');
  return made;
}

/** A circuit that is being tried. @param advance moves the faked time. */
export function halfOpen(advance: (ms: number) => void, settings: Partial<CircuitConfig> = {}): Watched {
  const made = opened(settings);
  advance(30_000);
  expect(made.circuit.state).toBe('half_open');
  return made;
}
