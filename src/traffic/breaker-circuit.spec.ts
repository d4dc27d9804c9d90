import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CIRCUIT } from '../../test/support/stack-world.js';
import type { CircuitConfig } from '../config/gateway-config.js';
import { Circuit, REFUSED, type CircuitState, type Verdict } from './breaker-circuit.js';

let made: Circuit[] = [];
beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  for (const each of made) each.shutdown();
  made = [];
  vi.useRealTimers();
});

interface Watched {
  readonly circuit: Circuit;
  readonly changes: CircuitState[];
}

/** A circuit on the faked clock; `random` 0.5 is no jitter. */
function watched(settings: Partial<CircuitConfig> = {}, random = () => 0.5): Watched {
  const changes: CircuitState[] = [];
  const clock = { now: () => performance.now(), random };
  const circuit = new Circuit({ ...CIRCUIT, ...settings }, (to) => changes.push(to), clock);
  made.push(circuit);
  return { circuit, changes };
}

function call(circuit: Circuit, verdict: Verdict, times = 1): void {
  for (let n = 0; n < times; n++) {
    const ticket = circuit.enter();
    if (ticket !== REFUSED) circuit.leave(ticket, verdict);
  }
}

function opened(settings: Partial<CircuitConfig> = {}, random?: () => number): Watched {
  const made = watched(settings, random);
  call(made.circuit, 'failure', 20);
  expect(made.circuit.state).toBe('open');
  return made;
}

function halfOpen(settings: Partial<CircuitConfig> = {}): Watched {
  const made = opened(settings);
  vi.advanceTimersByTime(30_000);
  expect(made.circuit.state).toBe('half_open');
  return made;
}

describe('a closed circuit', () => {
  it('opens at 60 % of 20 calls, not below', () => {
    const { circuit } = watched();
    call(circuit, 'success', 8);
    call(circuit, 'failure', 11);
    expect(circuit.state).toBe('closed');
    call(circuit, 'failure');
    expect(circuit.state).toBe('open');
  });

  it('stays closed below its share of failures', () => {
    const { circuit } = watched();
    for (let n = 0; n < 500; n++) call(circuit, n % 5 < 2 ? 'failure' : 'success');
    expect(circuit.state).toBe('closed');
  });

  it('does not open at the failures of fewer calls than it needs', () => {
    const { circuit } = watched();
    call(circuit, 'failure', 19);
    expect(circuit.state).toBe('closed');
  });

  it('does not count what is under way: a hanging backend is not diluted by its own calls', () => {
    const { circuit } = watched();
    const underWay = Array.from({ length: 1_000 }, () => circuit.enter());
    for (const ticket of underWay.slice(0, 20)) circuit.leave(ticket, 'failure');
    expect(circuit.state).toBe('open');
  });

  it('counts nothing of calls that prove nothing', () => {
    const { circuit } = watched();
    call(circuit, 'nothing', 100);
    call(circuit, 'failure', 19);
    expect(circuit.state).toBe('closed');
  });

  it('forgets what is older than its window', () => {
    const { circuit } = watched();
    call(circuit, 'failure', 19);
    vi.advanceTimersByTime(66_000);
    call(circuit, 'failure', 19);
    expect(circuit.state).toBe('closed');
  });

  it('opens after failures in a row, whatever their share, when told so', () => {
    const { circuit } = watched({ errorPercent: 0, consecutiveErrors: 20 });
    call(circuit, 'failure', 19);
    call(circuit, 'success');
    call(circuit, 'failure', 19);
    expect(circuit.state).toBe('closed');
    call(circuit, 'failure');
    expect(circuit.state).toBe('open');
  });

  it('shares nothing with another one of the same settings', () => {
    const settings = Object.freeze({ ...CIRCUIT });
    const [first, second] = [new Circuit(settings), new Circuit(settings)];
    made.push(first, second);
    call(first, 'failure', 20);
    expect([first.state, second.state]).toEqual(['open', 'closed']);
  });
});

describe('an open circuit', () => {
  it('refuses calls and says for how long', () => {
    const { circuit } = opened();
    expect(circuit.enter()).toBe(REFUSED);
    vi.advanceTimersByTime(10_000);
    expect(circuit.retryAfterMs).toBeCloseTo(20_000, -1);
  });

  it('ignores the results of calls that began before it opened', () => {
    const { circuit, changes } = watched();
    const late = Array.from({ length: 5 }, () => circuit.enter());
    call(circuit, 'failure', 20);
    circuit.leave(late[0] ?? REFUSED, 'success');
    vi.advanceTimersByTime(30_000);
    for (const ticket of late.slice(1, 4)) circuit.leave(ticket, 'success');
    circuit.leave(late[4] ?? REFUSED, 'failure');
    expect(changes).toEqual(['open', 'half_open']);
  });

  it.each([
    [0, 27_000],
    [0.999_999, 33_000],
  ])('stays open for 30 s give or take a tenth: at chance %d for %i ms', (chance, ms) => {
    const { circuit } = opened({}, () => chance);
    vi.advanceTimersByTime(ms - 10);
    expect(circuit.state).toBe('open');
    vi.advanceTimersByTime(20);
    expect(circuit.state).toBe('half_open');
  });

  it('stays open twice as long each time that a try fails, up to its maximum', () => {
    const { circuit } = opened();
    const pauses = [30_000, 60_000, 120_000, 120_000];
    for (const pause of pauses) {
      vi.advanceTimersByTime(pause - 10);
      expect(circuit.state).toBe('open');
      vi.advanceTimersByTime(20);
      expect(circuit.state).toBe('half_open');
      call(circuit, 'failure');
      expect(circuit.state).toBe('open');
    }
  });

  it('starts from the shortest pause again once it has been closed', () => {
    const { circuit } = opened();
    vi.advanceTimersByTime(30_000);
    call(circuit, 'failure');
    vi.advanceTimersByTime(60_000);
    call(circuit, 'success', 3);
    call(circuit, 'failure', 20);
    vi.advanceTimersByTime(30_000);
    expect(circuit.state).toBe('half_open');
  });
});

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
          if (circuit.state !== 'half_open') break;
          const ticket = leave ? underWay.shift() : undefined;
          if (ticket !== undefined) {
            circuit.leave(ticket, verdict);
            if (verdict === 'success') succeeded += 1;
          } else {
            const entered = circuit.enter();
            if (entered !== REFUSED) underWay.push(entered);
          }
          expect(underWay.length + succeeded).toBeLessThanOrEqual(halfOpenMax);
          if (circuit.state === 'closed') expect(succeeded).toBe(halfOpenMax);
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

  it('forgets what it has counted on a reset', () => {
    const { circuit } = watched();
    call(circuit, 'failure', 19);
    circuit.reset();
    call(circuit, 'failure', 19);
    expect(circuit.state).toBe('closed');
  });
});

it('a flapping backend changes the state no faster than the pauses allow (FI-30), and leaves no timers behind', () => {
  const { circuit, changes } = watched();
  const idle = vi.getTimerCount();
  // Ten minutes, ten seconds up and ten seconds down, 20 calls a second.
  for (let tick = 0; tick < 12_000; tick++) {
    vi.advanceTimersByTime(50);
    call(circuit, Math.floor(tick / 200) % 2 === 0 ? 'success' : 'failure');
  }
  expect(changes.filter((to) => to === 'open').length).toBeLessThanOrEqual(20);
  expect(vi.getTimerCount() - idle).toBeLessThanOrEqual(1);
});
