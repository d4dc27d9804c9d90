import { describe, expect, it, vi } from 'vitest';
import { abortSignalOf, Cancellation, type CancelSignal } from './cancellation.js';

const REASON = new Error('the client left');

/** Something that is told, and what it was told in. */
function listeners(names: string) {
  const told: string[] = [];
  return { told, each: Array.from(names, (name) => () => void told.push(name)) };
}

/** What an AbortSignal does, and a cancellation must do as well. */
const KINDS: Record<string, () => { signal: CancelSignal; cancel: () => void }> = {
  'an AbortSignal': () => {
    const controller = new AbortController();
    return { signal: controller.signal, cancel: () => controller.abort(REASON) };
  },
  'a cancellation': () => {
    const cancellation = new Cancellation();
    return { signal: cancellation, cancel: () => cancellation.cancel(REASON) };
  },
};

describe.each(Object.entries(KINDS))('%s', (_kind, make) => {
  it('tells all that listen once, in their order, functions and objects, and keeps the reason', () => {
    const { signal, cancel } = make();
    const { told, each } = listeners('abc');
    signal.addEventListener('abort', each[0]!);
    signal.addEventListener('abort', { handleEvent: each[1]! });
    signal.addEventListener('abort', each[2]!);
    expect([signal.aborted, signal.reason]).toEqual([false, undefined]);
    cancel();
    cancel();
    expect([told.join(''), signal.aborted, signal.reason]).toEqual(['abc', true, REASON]);
  });

  it.each(['', 'a', 'b', 'ac', 'abc'])('does not tell "%s", which stopped listening', (gone) => {
    const { signal, cancel } = make();
    const { told, each } = listeners('abc');
    for (const listener of each) signal.addEventListener('abort', listener);
    for (const name of gone) signal.removeEventListener('abort', each['abc'.indexOf(name)]!);
    signal.removeEventListener('abort', () => undefined);
    cancel();
    expect(told.join('')).toBe(
      Array.from('abc')
        .filter((name) => !gone.includes(name))
        .join(''),
    );
  });

  it('does not tell what another listener has taken out meanwhile', () => {
    const { signal, cancel } = make();
    const { told, each } = listeners('ab');
    signal.addEventListener('abort', () => signal.removeEventListener('abort', each[0]!));
    signal.addEventListener('abort', each[0]!);
    signal.addEventListener('abort', each[1]!);
    cancel();
    expect(told).toEqual(['b']);
  });

  it('is an AbortSignal for what needs one, made before or after', () => {
    const { signal, cancel } = make();
    const before = abortSignalOf(signal);
    expect(before).toBeInstanceOf(AbortSignal);
    cancel();
    expect([before.aborted, before.reason, abortSignalOf(signal)]).toEqual([true, REASON, before]);
    const [late, cancelLate] = [make(), () => late.cancel()];
    cancelLate();
    expect(abortSignalOf(late.signal).reason).toBe(REASON);
  });
});

it('a cancellation tells the others whatever one of its listeners throws', () => {
  const nextTick = vi.spyOn(process, 'nextTick').mockImplementation(() => undefined);
  const cancellation = new Cancellation();
  const { told, each } = listeners('a');
  cancellation.addEventListener('abort', () => {
    throw REASON;
  });
  cancellation.addEventListener('abort', each[0]!);
  cancellation.cancel(undefined);
  const thrower = nextTick.mock.lastCall?.[0] as () => void;
  nextTick.mockRestore();
  expect(told).toEqual(['a']);
  expect(thrower).toThrow(REASON);
});
