import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import { DegradeFlags, type DegradeFlag, type Impairment, type Transition } from './degrade-flags.js';
import { GatewayMetrics } from './metrics.js';

const HOLD_MS = 10_000;

/** Runs what was scheduled when its time has come. */
class ManualTimers {
  private readonly pending = new Map<() => void, number>();
  private now = 0;

  readonly schedule = (callback: () => void, ms: number) => {
    this.pending.set(callback, this.now + ms);
    return () => void this.pending.delete(callback);
  };

  pass(ms: number): void {
    this.now += ms;
    for (const [callback, at] of [...this.pending]) {
      if (at > this.now) continue;
      this.pending.delete(callback);
      callback();
    }
  }
}

let timers: ManualTimers;
let metrics: GatewayMetrics;
let transitions: Transition[];
let lines: string[];
let flags: DegradeFlags;

beforeEach(() => {
  timers = new ManualTimers();
  metrics = new GatewayMetrics({ inFlight: new Set(), droppedLines: () => 0 });
  transitions = [];
  lines = [];
  const log = pino({ base: null }, { write: (line) => void lines.push((JSON.parse(line) as { msg: string }).msg) });
  const onTransition = (transition: Transition) => void transitions.push(transition);
  flags = new DegradeFlags(metrics, log, { holdMs: HOLD_MS, onTransition, schedule: timers.schedule });
});

const impairment = (component: string, cause: string): Impairment => ({
  component,
  cause,
  area: 'auth',
  degraded: 'it degraded',
  recovered: 'it recovered',
});

const flagOf = (cause = 'stream', component = 'revocation'): DegradeFlag => flags.flag(impairment(component, cause));

async function gauge(component = 'revocation'): Promise<number | undefined> {
  const { values } = await metrics.degraded.get();
  return values.find(({ labels }) => labels.component === component)?.value;
}

const told = () => transitions.map(({ state, impairment: { cause } }) => `${cause} ${state}`);

describe('a flag', () => {
  it('tells an outage once, however often it is seen, and its end once', async () => {
    const flag = flagOf();
    expect(await gauge()).toBe(0);
    for (let seen = 0; seen < 1000; seen++) flag.raise('refused');
    expect(await gauge()).toBe(1);
    for (let seen = 0; seen < 1000; seen++) flag.lower();
    timers.pass(HOLD_MS);
    expect(told()).toEqual(['stream degraded', 'stream recovered']);
    expect(lines).toEqual(['degraded component=revocation', 'recovered component=revocation']);
    expect(await gauge()).toBe(0);
  });

  it('takes flapping for one outage: it is over when all was well for ten seconds', async () => {
    const flag = flagOf();
    for (let flap = 0; flap < 20; flap++) {
      flag.raise('refused');
      timers.pass(1000);
      flag.lower();
      timers.pass(HOLD_MS - 1);
    }
    expect(told()).toEqual(['stream degraded']);
    expect(await gauge()).toBe(1);
    timers.pass(1);
    expect(told()).toEqual(['stream degraded', 'stream recovered']);
  });

  it('is raised by the second failure in a row that may be over already, and not by one between successes', () => {
    const flag = flagOf();
    for (let look = 0; look < 10; look++) {
      flag.suspect('timed out');
      flag.lower();
    }
    expect(told()).toEqual([]);
    flag.suspect('timed out');
    flag.suspect('connection refused');
    flag.suspect('timed out');
    expect(transitions.map(({ reason }) => reason)).toEqual(['connection refused']);
  });

  it('stays raised when a look fails during the hold of its recovery', () => {
    const flag = flagOf();
    flag.raise('refused');
    flag.lower();
    timers.pass(HOLD_MS - 1);
    flag.suspect('timed out');
    timers.pass(HOLD_MS);
    expect(told()).toEqual(['stream degraded']);
  });

  it('tells the next outage again', () => {
    const flag = flagOf();
    for (let outage = 0; outage < 2; outage++) {
      flag.raise('refused');
      flag.lower();
      timers.pass(HOLD_MS);
    }
    expect(told()).toEqual(['stream degraded', 'stream recovered', 'stream degraded', 'stream recovered']);
  });

  it('says nothing of a recovery from nothing', () => {
    flagOf().lower();
    timers.pass(HOLD_MS);
    expect(told()).toEqual([]);
  });

  it('carries the reason that was seen first', () => {
    const flag = flagOf();
    flag.raise('connection refused');
    flag.raise('command timed out');
    expect(transitions.map(({ reason }) => reason)).toEqual(['connection refused']);
  });
});

describe('several flags', () => {
  it('of one component are told each, and its gauge is 1 until the last is lowered', async () => {
    flagOf('stream').raise('a');
    flagOf('overflow').raise('b');
    flagOf('stream').lower();
    timers.pass(HOLD_MS);
    expect(await gauge()).toBe(1);
    flagOf('overflow').lower();
    timers.pass(HOLD_MS);
    expect(await gauge()).toBe(0);
    expect(told()).toEqual(['stream degraded', 'overflow degraded', 'stream recovered', 'overflow recovered']);
  });

  it('of components with like names are kept apart', async () => {
    flagOf('health', 'auth').raise('x');
    flagOf('health', 'auth-cache');
    expect([await gauge('auth'), await gauge('auth-cache')]).toEqual([1, 0]);
  });
});
