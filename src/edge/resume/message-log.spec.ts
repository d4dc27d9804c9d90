import { describe, expect, it } from 'vitest';
import { Cancellation } from '../../domain/cancellation.js';
import { GatewayError } from '../../domain/errors.js';
import { MessageLog } from './message-log.js';

const json = (text: string) => Buffer.from(text);

/** Whether a promise has settled by the time that nothing else is to do. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.then(() => (settled = true)).catch(() => (settled = true));
  await new Promise((resolve) => setImmediate(resolve));
  return settled;
}

describe('the messages that are kept of a stream', () => {
  it('are given in their order, from any that is kept', async () => {
    const log = new MessageLog({ maxMessages: 3, maxBytes: 100 });
    for (const text of ['a', 'b', 'c']) await log.append(json(text));
    const { signal } = new Cancellation();
    expect(await log.next(0, signal)).toEqual({ sequence: 1, json: json('a') });
    expect(await log.next(2, signal)).toEqual({ sequence: 3, json: json('c') });
    log.markSent(2);
    await log.append(json('d'));
    expect([log.reachesBackTo(0), log.reachesBackTo(1), log.reachesBackTo(4), log.reachesBackTo(5)]).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it.each([
    ['messages', { maxMessages: 2, maxBytes: 100 }, ['a', 'b', 'c']],
    ['bytes', { maxMessages: 100, maxBytes: 4 }, ['aa', 'bb', 'c']],
  ])(
    'make the backend wait while those that were not sent fill the %s',
    async (_, limits, [one = '', two = '', three = '']) => {
      const log = new MessageLog(limits);
      await log.append(json(one));
      await log.append(json(two));
      const waiting = log.append(json(three));
      expect(await isSettled(waiting)).toBe(false);
      log.markSent(1);
      expect(await isSettled(waiting)).toBe(true);
      expect([log.last, log.reachesBackTo(0)]).toEqual([3, false]);
    },
  );

  it('take one that is larger than the limit by itself', async () => {
    const log = new MessageLog({ maxMessages: 5, maxBytes: 2 });
    await log.append(json('long'));
    const second = log.append(json('x'));
    expect([await isSettled(second), log.bytes]).toEqual([false, 4]);
    log.markSent(1);
    expect([await isSettled(second), log.bytes]).toEqual([true, 1]);
  });

  it('end once: readers and the backend wait no longer', async () => {
    const log = new MessageLog({ maxMessages: 1, maxBytes: 100 });
    await log.append(json('a'));
    const [appending, reading] = [log.append(json('b')), log.next(1, new Cancellation().signal)];
    const failure = new GatewayError('UPSTREAM_ERROR', 'broken');
    log.finish(failure);
    log.finish(undefined);
    expect([await isSettled(appending), await reading, log.failure]).toEqual([true, undefined, failure]);
  });

  it('end the wait of a reader that leaves', async () => {
    const log = new MessageLog({ maxMessages: 1, maxBytes: 100 });
    const left = new Cancellation();
    const reading = log.next(0, left);
    const reason = new GatewayError('CLIENT_CLOSED', 'gone');
    left.cancel(reason);
    await expect(reading).rejects.toBe(reason);
  });

  it('tell what they take', async () => {
    let bytes = 0;
    const log = new MessageLog({ maxMessages: 2, maxBytes: 100 }, (difference) => (bytes += difference));
    for (const text of ['aaa', 'bb']) await log.append(json(text));
    log.markSent(2);
    await log.append(json('c'));
    expect([bytes, log.bytes]).toEqual([3, 3]);
    log.forgetSent();
    expect([bytes, log.bytes]).toEqual([1, 1]);
  });
});
