import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CIRCUIT } from '../../test/support/stack-world.js';
import { unaryMethod } from '../../test/support/upstream-call.js';
import { Breakers } from './breakers.js';

const READ = { ...unaryMethod(), readOnly: true };
const WRITE = unaryMethod();

let told: string[];
let breakers: Breakers;
beforeEach(() => {
  told = [];
  breakers = new Breakers(CIRCUIT, ['user', 'tenant'], {
    known: () => undefined,
    changed: (upstream, kind, to) => told.push(`${upstream} ${kind} ${to}`),
    rejected: (upstream, reason) => told.push(`${upstream} refused ${reason}`),
  });
});
afterEach(() => breakers.shutdown());

describe('an operator', () => {
  it('opens and closes all circuits of an upstream by its name', () => {
    expect(breakers.open('user')).toBe(true);
    expect(breakers.upstreams).toEqual(['user', 'tenant']);
    expect(breakers.report('user')).toMatchObject({ read: { state: 'open' }, write: { state: 'open' } });
    expect(breakers.report('tenant')).toMatchObject({ read: { state: 'closed' }, write: { state: 'closed' } });
    expect(breakers.close('user')).toBe(true);
    expect(told).toEqual(['user read open', 'user write open', 'user read closed', 'user write closed']);
  });

  it('resets what was counted', () => {
    const circuit = breakers.of(WRITE);
    for (let n = 0; n < 19; n++) circuit.leave(circuit.enter(), 'failure');
    expect(breakers.reset('user')).toBe(true);
    circuit.leave(circuit.enter(), 'failure');
    expect(circuit.state).toBe('closed');
  });

  it('is told of an upstream that does not exist', () => {
    expect([breakers.open('nobody'), breakers.close('nobody'), breakers.reset('nobody')]).toEqual([
      false,
      false,
      false,
    ]);
    expect(breakers.report('nobody')).toBeUndefined();
  });
});

describe('before any work, a request', () => {
  it('passes while the circuit is closed', () => {
    expect(breakers.check(READ)).toBeUndefined();
  });

  it('is refused and counted while it is open', () => {
    breakers.open('user');
    expect(breakers.check(WRITE)).toMatchObject({ code: 'CIRCUIT_OPEN', status: 503 });
    expect(told.at(-1)).toBe('user refused open');
  });

  it.each([
    ['a cache', { cache: { ttlMs: 1, scope: 'user', staleIfErrorMs: 0, maxBytes: 0 } }],
    ['a fallback', { fallback: { kind: 'upstream', upstream: 'spare' } }],
  ] as const)('passes when %s might answer it', (_, policy) => {
    breakers.open('user');
    expect(breakers.check({ ...unaryMethod(policy), readOnly: true })).toBeUndefined();
  });
});
