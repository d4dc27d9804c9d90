import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { beforeEach, describe, expect, it } from 'vitest';
import { block } from '../../test/support/block.js';
import { startTimeout, TimedOut, withDeadline, withTimeout, type LoopTimers } from './loop-timeout.js';

/** An event loop by hand: time passes in steps, and each step is one turn however long it took. */
class ManualLoop implements LoopTimers {
  private now = 0;
  private readonly timers = new Map<() => void, number>();
  private readonly polled = new Set<() => void>();

  readonly after = (callback: () => void, ms: number) => {
    this.timers.set(callback, this.now + ms);
    return () => void this.timers.delete(callback);
  };
  readonly afterPoll = (callback: () => void) => {
    this.polled.add(callback);
    return () => void this.polled.delete(callback);
  };

  /** One turn after `ms`: first the timers that are due, then the sockets, then what waited for them. */
  turn(ms: number, poll: () => void = () => undefined): void {
    this.now += ms;
    for (const [callback, at] of [...this.timers]) {
      if (at > this.now) continue;
      this.timers.delete(callback);
      callback();
    }
    poll();
    for (const callback of [...this.polled]) {
      this.polled.delete(callback);
      callback();
    }
  }

  /** So many ms in which the loop turns all the time. */
  run(ms: number): void {
    for (let passed = 0; passed < ms; passed++) this.turn(1);
  }

  get isIdle(): boolean {
    return this.timers.size + this.polled.size === 0;
  }
}

let loop: ManualLoop;
let fired: number;
const start = (ms: number) => startTimeout(ms, () => (fired += 1), loop);

beforeEach(() => {
  loop = new ManualLoop();
  fired = 0;
});

describe('a timeout', () => {
  it.each([1, 5, 10, 50, 300, 2000, 5000])('of %d ms ends on time, once, in a loop that is free', (ms) => {
    start(ms);
    loop.run(ms - 1);
    expect(fired).toBe(0);
    loop.run(10);
    expect(fired).toBe(1);
    loop.run(ms * 2);
    expect([fired, loop.isIdle]).toEqual([1, true]);
  });

  it.each([
    { ms: 50, pauseMs: 60, counted: 10 },
    { ms: 50, pauseMs: 500, counted: 10 },
    { ms: 300, pauseMs: 5000, counted: 60 },
    { ms: 2000, pauseMs: 500, counted: 100 },
    { ms: 2000, pauseMs: 60_000, counted: 100 },
  ])('of $ms ms counts $counted ms of a pause of $pauseMs ms', ({ ms, pauseMs, counted }) => {
    start(ms);
    loop.turn(pauseMs);
    loop.run(ms - counted - 1);
    expect(fired).toBe(0);
    loop.run(10);
    expect(fired).toBe(1);
  });

  it('does not end in pauses that come one after the other before the loop has turned often enough', () => {
    start(50);
    for (let turns = 0; turns < 4; turns++) loop.turn(200);
    expect(fired).toBe(0);
    loop.turn(200);
    expect(fired).toBe(1);
  });

  it.each([5, 50, 2000])('of %d ms polls the sockets before it ends, after a pause too', (ms) => {
    const cancel = start(ms);
    loop.run(ms - 1);
    loop.turn(500, cancel);
    loop.run(ms);
    expect([fired, loop.isIdle]).toEqual([0, true]);
  });

  it('that is cancelled leaves nothing behind', () => {
    start(50)();
    expect(loop.isIdle).toBe(true);
  });
});

describe('work', () => {
  it('that settles in time is what comes out, and its timeout is gone', async () => {
    await expect(withTimeout(50, Promise.resolve('done'), loop)).resolves.toBe('done');
    await expect(withTimeout(50, Promise.reject(new RangeError('no')), loop)).rejects.toThrow(RangeError);
    expect(loop.isIdle).toBe(true);
  });

  it('that does not settle is given up with TimedOut', async () => {
    const outcome = withTimeout(50, new Promise(() => undefined), loop);
    loop.run(60);
    await expect(outcome).rejects.toThrow(TimedOut);
  });

  it('is told by its signal, with TimedOut as reason', async () => {
    const aborted = withDeadline(1, async (signal) => {
      await once(signal, 'abort');
      throw signal.reason;
    });
    await expect(aborted).rejects.toThrow(TimedOut);
  });
});

describe('a reply that arrives while this process is blocked', () => {
  it.each([5, 50, 200])('is read before a timeout of %d ms blames the peer', async (ms) => {
    const { promise: outcome, resolve } = Promise.withResolvers<unknown>();
    const server = createServer((socket) =>
      socket.on('data', () => {
        socket.end('pong');
        // From here on the reply is on its way, and the loop stands still before it can be read.
        resolve(withTimeout(ms, reply));
        block(500);
      }),
    ).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const reply = once(client, 'data').then(([data]) => String(data));
    client.write('ping');
    expect(await outcome).toBe('pong');
    client.destroy();
    server.close();
  });
});
