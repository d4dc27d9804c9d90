import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { call, halfOpen as halfOpenAfter, opened, watched, type Watched } from '../../test/support/circuits.js';
import type { CircuitConfig } from '../config/schema/circuit-settings.js';
import { type Circuit, type CircuitState, REFUSED, type Verdict } from './breaker-circuit.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function halfOpen(settings: Partial<CircuitConfig> = {}): Watched {
  return halfOpenAfter((ms) => vi.advanceTimersByTime(ms), settings);
}

/** The state, which a call may have changed since it was looked at last. */
function stateOf(circuit: Circuit): CircuitState {
  return circuit.state;
}

describe('a half-open circuit', () => {
  it('lets three calls try and refuses the others', () => {
    const { circuit } = halfOpen();
    const tickets = Array.from({ length: 5 }, () => circuit.enter());
    expect(tickets.filter((ticket) => ticket !== REFUSED)).toHaveLength(3);
    expect(circuit.admits).toBe(false);
  });

  it('closes when three have succeeded, not before', () => {
    const { circuit } = halfOpen();
    call(circuit, 'success', 2);
    expect(circuit.state).toBe('half_open');
    call(circuit, 'success');
    expect(circuit.state).toBe('closed');
  });

  it('opens again at one failure', () => {
    const { circuit } = halfOpen();
    call(circuit, 'success', 2);
    call(circuit, 'failure');
    expect(circuit.state).toBe('open');
  });

  it('lets the next call try when one was aborted', () => {
    const { circuit } = halfOpen();
    call(circuit, 'nothing', 50);
    expect(circuit.state).toBe('half_open');
    expect(circuit.admits).toBe(true);
  });

  it('is not opened by failures from before once it has closed', () => {
    const { circuit } = halfOpen();
    call(circuit, 'success', 3);
    call(circuit, 'failure', 19);
    expect(circuit.state).toBe('closed');
  });

  it('never lets more calls try at once than it may, and closes on nothing but their success', () => {
    const step = fc.record({ leave: fc.boolean(), verdict: fc.constantFrom<Verdict>('success', 'failure', 'nothing') });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(step, { maxLength: 60 }), (halfOpenMax, steps) => {
        const { circuit } = halfOpen({ halfOpenMax });
        const underWay: number[] = [];
        let succeeded = 0;
        for (const { leave, verdict } of steps) {
          if (stateOf(circuit) !== 'half_open') break;
          const ticket = leave ? underWay.shift() : undefined;
          if (ticket !== undefined) {
            circuit.leave(ticket, verdict);
            if (verdict === 'success') succeeded += 1;
          } else {
            const entered = circuit.enter();
            if (entered !== REFUSED) underWay.push(entered);
          }
          expect(underWay.length + succeeded).toBeLessThanOrEqual(halfOpenMax);
          if (stateOf(circuit) === 'closed') expect(succeeded).toBe(halfOpenMax);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('a circuit in the hands of an operator', () => {
  it('stays open until it is closed, and tells that once', () => {
    const { circuit, changes } = watched();
    circuit.open();
    vi.advanceTimersByTime(10 * 60_000);
    expect(circuit.enter()).toBe(REFUSED);
    circuit.close();
    expect(circuit.admits).toBe(true);
    expect(changes).toEqual(['open', 'closed']);
  });

  it('stays open also when it was being tried', () => {
    const { circuit } = halfOpen();
    circuit.open();
    vi.advanceTimersByTime(10 * 60_000);
    expect(circuit.state).toBe('open');
  });

  it('is closed at once, whatever the backend does', () => {
    const { circuit } = opened();
    circuit.close();
    expect(circuit.state).toBe('closed');
    vi.advanceTimersByTime(60_000);
    expect(circuit.state).toBe('closed');
  });

  it('sees since when it is in its state and when it will be tried', () => {
    const { circuit } = opened();
    vi.advanceTimersByTime(10_000);
    const { forMs, nextTryInMs, ...rest } = circuit.report();
    expect(rest).toEqual({ state: 'open', held: false });
    expect(forMs).toBeCloseTo(10_000, -1);
    expect(nextTryInMs).toBeCloseTo(20_000, -1);
    vi.advanceTimersByTime(20_000);
    expect(circuit.report()).toEqual({ state: 'half_open', forMs: 0, nextTryInMs: undefined, held: false });
  });

  it('sees that nothing will try it while it is held open, from when it opened on', () => {
    const { circuit } = opened();
    vi.advanceTimersByTime(10_000);
    circuit.open();
    vi.advanceTimersByTime(10 * 60_000);
    const { forMs, ...rest } = circuit.report();
    expect(rest).toEqual({ state: 'open', nextTryInMs: undefined, held: true });
    expect(forMs).toBeCloseTo(610_000, -1);
    circuit.close();
    expect(circuit.report()).toEqual({ state: 'closed', forMs: 0, nextTryInMs: undefined, held: false });
  });

  it('forgets what it has counted on a reset', () => {
    const { circuit } = watched();
    call(circuit, 'failure', 19);
    circuit.reset();
    call(circuit, 'failure', 19);
    expect(circuit.state).toBe('closed');
  });
});
