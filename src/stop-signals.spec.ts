import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { StopSignals } from './stop-signals.js';

function signalsAt(isTerminal: boolean, hungUp = false) {
  const emitter = new EventEmitter();
  const clock = { now: 0 };
  const signals = new StopSignals({ emitter, isTerminal, hasHungUp: () => hungUp, now: () => clock.now });
  const seen: string[] = [];
  void signals.stopped.then((signal) => seen.push(signal));
  void signals.forced.then(() => seen.push('forced'));
  const listen = () => signals.onReload(() => seen.push('reload'));
  const send = (signal: string, at: number) => {
    clock.now = at;
    emitter.emit(signal);
  };
  const settled = () => new Promise((resolve) => setImmediate(() => resolve(seen)));
  return { send, settled, listen };
}

describe('signals to stop', () => {
  const kinds = ['SIGTERM', 'SIGINT'];
  it.each(kinds.flatMap((first) => kinds.map((second) => [first, second] as const)))(
    'are one without a terminal: %s, then %s',
    async (first, second) => {
      const { send, settled } = signalsAt(false);
      send(first, 0);
      send(second, 10_000);
      expect(await settled()).toEqual([first]);
    },
  );

  it.each([
    ['SIGINT', 'SIGINT', 501, ['SIGINT', 'forced']],
    ['SIGINT', 'SIGINT', 3, ['SIGINT']],
    ['SIGINT', 'SIGTERM', 501, ['SIGINT']],
    ['SIGTERM', 'SIGINT', 501, ['SIGTERM']],
    ['SIGTERM', 'SIGTERM', 501, ['SIGTERM']],
  ])('at a terminal: %s, then %s after %d ms', async (first, second, at, seen) => {
    const { send, settled } = signalsAt(true);
    send(first, 0);
    send(second, at);
    expect(await settled()).toEqual(seen);
  });
});

describe('SIGHUP', () => {
  it.each([
    ['without a terminal', false, false, ['reload', 'reload']],
    ['at a terminal that is there', true, false, ['reload', 'reload']],
    ['from a terminal that has closed', true, true, ['SIGHUP']],
  ])('%s: %#', async (_, isTerminal, hungUp, expected) => {
    const { send, settled, listen } = signalsAt(isTerminal, hungUp);
    listen();
    send('SIGHUP', 0);
    send('SIGHUP', 1);
    expect(await settled()).toEqual(expected);
  });

  it('asks for one reload when it came before anybody listened', async () => {
    const { send, settled, listen } = signalsAt(false);
    send('SIGHUP', 0);
    send('SIGHUP', 1);
    listen();
    expect(await settled()).toEqual(['reload']);
  });
});
