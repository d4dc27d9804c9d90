import { describe, expect, it } from 'vitest';
import { principalOf } from '../../../test/support/principal.js';
import { LOAD } from '../../../test/support/stack-fixture.js';
import { streamMethod, unaryMethod, upstreamCall } from '../../../test/support/upstream-call.js';
import type { CallContext } from '../../domain/call-context.js';
import { GatewayError } from '../../domain/errors.js';
import { Admission, type Pressure } from './admission.js';
import { PRIORITIES, type Priority } from './priority.js';

const CALM: Pressure = { eventLoopDelayMs: 5, heapPercent: 30, memoryPercent: 40, sinceLastMs: 1_000 };
const LAGGING: Pressure = { eventLoopDelayMs: 250, heapPercent: 30, memoryPercent: 40, sinceLastMs: 1_000 };
const FULL_HEAP: Pressure = { eventLoopDelayMs: 5, heapPercent: 95, memoryPercent: 40, sinceLastMs: 1_000 };
const FULL_MEMORY: Pressure = { eventLoopDelayMs: 5, heapPercent: 30, memoryPercent: 96, sinceLastMs: 1_000 };

interface Gate {
  readonly admission: Admission;
  readonly refused: string[];
  readonly pressed: [boolean, string][];
}

function gate(maxConcurrentRequests = 1_000, tenantSharePercent = 100): Gate {
  const refused: string[] = [];
  const pressed: [boolean, string][] = [];
  const admission = new Admission(
    {
      ...LOAD,
      maxConcurrentRequests,
      tenantSharePercent,
      shedDelayMs: 100,
      shedHeapPercent: 85,
      shedMemoryPercent: 92,
    },
    {
      refused: (priority, reason) => refused.push(`${priority} ${reason}`),
      pressed: (isPressed, reason) => pressed.push([isPressed, reason]),
    },
  );
  return { admission, refused, pressed };
}

function unary(): CallContext {
  const { context, method } = upstreamCall(unaryMethod());
  context.method = method;
  return context;
}

function stream(): CallContext {
  const { context, method } = upstreamCall(streamMethod());
  context.method = method;
  return context;
}

/** How many requests of a kind are let in beside those that are. */
function room({ admission }: Gate, priority: Priority, upTo = 2_000): number {
  const calls = Array.from({ length: upTo }, unary);
  const admitted = calls.filter((call) => admission.enter(call, priority) === undefined);
  for (const call of calls) admission.leave(call);
  return admitted.length;
}

/** A gate whose limit was lowered from `busy` requests in flight. */
function pressed(busy: number, pressure = LAGGING): Gate {
  const made = gate();
  const calls = Array.from({ length: busy }, unary);
  for (const call of calls) made.admission.enter(call, 'auth');
  made.admission.adjust(pressure);
  made.admission.adjust(pressure);
  for (const call of calls) made.admission.leave(call);
  return made;
}

describe('the limit of requests in flight', () => {
  it('holds for all kinds alike, but for health', () => {
    const made = gate(10);
    const admitted = Array.from({ length: 10 }, unary);
    for (const call of admitted) expect(made.admission.enter(call, 'ai')).toBeUndefined();
    expect(made.admission.enter(unary(), 'auth')).toMatchObject({ code: 'OVERLOADED', retryAfterSeconds: 1 });
    expect(made.admission.enter(unary(), 'health')).toBeUndefined();
    expect(made.refused).toEqual(['auth concurrency']);
  });

  it('counts streams', () => {
    const { admission } = gate(1);
    const open = stream();
    expect(admission.enter(open, 'ai')).toBeUndefined();
    expect(admission.enter(unary(), 'read')).toBeDefined();
    admission.leave(open);
    expect(admission.enter(unary(), 'read')).toBeUndefined();
  });

  it('gives each place back once, however often a request ends', () => {
    const { admission } = gate(1);
    const call = unary();
    admission.enter(call, 'read');
    admission.leave(call);
    admission.leave(call);
    const refused = unary();
    expect(admission.enter(unary(), 'read')).toBeUndefined();
    expect(admission.enter(refused, 'read')).toBeDefined();
    admission.leave(refused);
    expect(admission.enter(unary(), 'read')).toBeDefined();
  });
});

describe('the streams of one tenant', () => {
  const streamOf = (tenantId: string) => {
    const call = stream();
    call.principal = principalOf({ tenantId });
    return call;
  };

  it('may take their share of the limit, whatever other tenants have open', () => {
    const { admission, refused } = gate(8, 75);
    const opened = Array.from({ length: 6 }, () => streamOf('acme'));
    for (const call of opened) expect(admission.openStream(call, 'ai')).toBeUndefined();
    expect(admission.openStream(streamOf('acme'), 'ai')).toMatchObject({ code: 'OVERLOADED', retryAfterSeconds: 1 });
    expect(admission.openStream(streamOf('globex'), 'ai')).toBeUndefined();
    expect(refused).toEqual(['ai tenant_share']);
  });

  it('are one at least', () => {
    const { admission } = gate(1, 10);
    expect(admission.openStream(streamOf('acme'), 'ai')).toBeUndefined();
  });

  it('give their share back with their permit, once', () => {
    const { admission } = gate(2, 50);
    const open = streamOf('acme');
    admission.enter(open, 'ai');
    admission.openStream(open, 'ai');
    expect(admission.isFull).toBe(false);
    admission.leave(open);
    admission.leave(open);
    expect(admission.openStream(streamOf('acme'), 'ai')).toBeUndefined();
    expect(admission.openStream(streamOf('acme'), 'ai')).toBeDefined();
    expect(Reflect.get(admission, 'streams')).toHaveProperty('size', 1);
  });
});

describe('under pressure', () => {
  it('one bad look changes nothing', () => {
    const made = gate();
    made.admission.adjust(LAGGING);
    expect(room(made, 'ai')).toBe(1_000);
  });

  it.each([
    ['a lagging event loop', LAGGING, 'event loop delay 250 ms'],
    ['a full heap', FULL_HEAP, 'heap 95 % full'],
    ['a full memory', FULL_MEMORY, 'memory 96 % full'],
  ])('%s lowers the limit below what was under way, and that is told', (_, pressure, reason) => {
    const made = pressed(500, pressure);
    expect(room(made, 'auth')).toBe(400);
    expect(made.pressed).toEqual([[true, reason]]);
  });

  it('AI gives way first, then writes, reads and sign-in; health never', () => {
    const made = pressed(500);
    expect(PRIORITIES.map((priority) => room(made, priority))).toEqual([2_000, 400, 360, 300, 200]);
    expect(new Set(made.refused)).toEqual(new Set(['auth pressure', 'read pressure', 'write pressure', 'ai pressure']));
  });

  it('open streams leave the others their room', () => {
    const made = gate();
    for (let n = 0; n < 900; n++) made.admission.enter(stream(), 'ai');
    made.admission.adjust(LAGGING);
    made.admission.adjust(LAGGING);
    expect(room(made, 'auth')).toBe(64);
  });

  it('some requests are let in however bad it looks', () => {
    const made = pressed(500);
    for (let n = 0; n < 100; n++) made.admission.adjust(LAGGING);
    expect(room(made, 'auth')).toBe(64);
  });

  it('a lagging event loop leaves room for what was answered within the delay that is allowed', () => {
    const made = gate(10_000);
    expect(room(made, 'read', 8_000)).toBe(8_000);
    for (let n = 0; n < 5; n++) made.admission.adjust(LAGGING);
    // 8,000 a second are 800 in 100 ms; the best rate fades by 2 % with each look.
    expect(made.admission.report().limit).toBe(Math.ceil(800 * 0.98 ** 4));
  });

  it('requests that all wait to be begun lower the limit as a lagging event loop does, some of them do not', () => {
    const made = gate();
    const look = (waits: readonly number[]) => {
      for (const ms of waits) made.admission.waited(ms);
      made.admission.adjust(CALM);
    };
    for (let n = 0; n < 3; n++) look([300, 5, 300]);
    expect(made.pressed).toEqual([]);
    for (let n = 0; n < 2; n++) look([300, 240, 300]);
    expect(made.pressed).toEqual([[true, 'event loop delay 240 ms']]);
    look([]);
    expect(made.pressed.at(-1)).toEqual([true, 'event loop delay 240 ms']);
    for (let n = 0; n < 10; n++) look([]);
    expect(made.pressed.at(-1)).toEqual([false, '']);
  });

  it('requests that fail are not among those, and a full memory has no regard for them', () => {
    const failing = gate(10_000);
    for (let n = 0; n < 8_000; n++) {
      const call = unary();
      failing.admission.enter(call, 'read');
      call.error = new GatewayError('UPSTREAM_UNAVAILABLE', 'gone');
      failing.admission.leave(call);
    }
    const full = gate(10_000);
    room(full, 'read', 8_000);
    for (let n = 0; n < 50; n++) {
      failing.admission.adjust(LAGGING);
      full.admission.adjust(FULL_MEMORY);
    }
    expect(failing.admission.report().limit).toBe(64);
    expect(full.admission.report().limit).toBe(64);
  });

  it('the limit is back within ten looks when it is over', () => {
    const made = pressed(500);
    for (let n = 0; n < 100; n++) made.admission.adjust(LAGGING);
    for (let n = 0; n < 10; n++) made.admission.adjust(CALM);
    expect(room(made, 'ai')).toBe(1_000);
    expect(made.pressed.at(-1)).toEqual([false, '']);
  });

  it('the limit is raised with care while it is needed', () => {
    const made = pressed(500);
    const calls = Array.from({ length: 400 }, unary);
    for (const call of calls) made.admission.enter(call, 'auth');
    made.admission.adjust(CALM);
    for (const call of calls) made.admission.leave(call);
    expect(room(made, 'auth')).toBe(440);
  });
});
