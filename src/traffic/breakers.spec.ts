import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CIRCUIT } from '../../test/support/stack-fixture.js';
import { unaryMethod, upstreamCall } from '../../test/support/upstream-call.js';
import type { CallContext } from '../domain/call-context.js';
import { REFUSED } from './breaker-circuit.js';
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
    expect(breakers.admit(upstreamCall(WRITE).context, READ)).toBeUndefined();
  });

  it('is refused and counted while it is open', () => {
    breakers.open('user');
    expect(breakers.admit(upstreamCall(WRITE).context, WRITE)).toMatchObject({ code: 'CIRCUIT_OPEN', status: 503 });
    expect(told.at(-1)).toBe('user refused open');
  });

  it.each([
    ['a cache', { cache: { ttlMs: 1, scope: 'user', staleIfErrorMs: 0, maxBytes: 0 } }],
    ['a fallback', { fallback: { kind: 'upstream', upstream: 'spare' } }],
  ] as const)('passes when %s might answer it', (_, policy) => {
    breakers.open('user');
    expect(breakers.admit(upstreamCall(WRITE).context, { ...unaryMethod(policy), readOnly: true })).toBeUndefined();
  });
});

describe('the permit of a request', () => {
  const request = () => upstreamCall(READ).context;
  const use = (call: CallContext) => breakers.of(READ).reenter(call.takePermit(breakers.of(READ)));
  /** Lets in three tries at a time. */
  const halfOpen = () => {
    const circuit = breakers.of(READ);
    for (let n = 0; n < 20; n++) circuit.leave(circuit.enter(), 'failure');
    vi.advanceTimersByTime(CIRCUIT.openMs * 1.2);
    expect(circuit.state).toBe('half_open');
  };
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is the one that its call uses', () => {
    halfOpen();
    const calls = [request(), request(), request()];
    expect(calls.map((call) => breakers.admit(call, READ))).toEqual([undefined, undefined, undefined]);
    expect(breakers.admit(request(), READ)).toMatchObject({ code: 'CIRCUIT_OPEN' });
    for (const call of calls) breakers.of(READ).leave(use(call), 'success');
    expect(breakers.of(READ).state).toBe('closed');
  });

  it('goes back when the request ends without its call', () => {
    halfOpen();
    for (let n = 0; n < 10; n++) {
      const call = request();
      expect(breakers.admit(call, READ)).toBeUndefined();
      call.releasePermit();
      call.releasePermit();
    }
    expect(breakers.of(READ).state).toBe('half_open');
  });

  it('is worth nothing once the circuit breaker has opened', () => {
    const call = request();
    breakers.admit(call, READ);
    breakers.open('user');
    expect(use(call)).toBe(REFUSED);
  });

  it('goes over to the context in which the call goes on without its client', () => {
    halfOpen();
    const [call, other] = [request(), request()];
    breakers.admit(call, READ);
    call.passPermitTo(other);
    expect(call.takePermit(breakers.of(READ))).toBe(0);
    expect(use(other)).not.toBe(REFUSED);
  });
});
