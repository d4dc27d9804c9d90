import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { call, opened, watched } from '../../test/support/circuits.js';
import { CIRCUIT } from '../../test/support/stack-fixture.js';
import { Circuit, REFUSED } from './breaker-circuit.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

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
