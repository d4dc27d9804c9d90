import { expect, it } from 'vitest';
import { mergeResponses } from './merge-responses.js';

const merge = (...bodies: object[]) => mergeResponses(bodies.map((body, at) => ({ worker: at + 1, body })));

it('counts are added up, and ages are those of the oldest', () => {
  expect(merge({ count: 2, oldestMs: 5 }, { count: 3, oldestMs: 9 })).toMatchObject({ count: 5, oldestMs: 9 });
});

it('requests are of one worker each, the one that has been under way for longest first', () => {
  const merged = merge({ requests: [{ id: 'a', ageMs: 5 }] }, { requests: [{ id: 'b', ageMs: 9 }] });
  expect(merged).toMatchObject({
    requests: [
      { id: 'b', worker: 2 },
      { id: 'a', worker: 1 },
    ],
  });
});

it('an upstream is one entry, with its worst circuit', () => {
  const entry = (state: string, inFlight: number) => ({
    upstreams: [{ upstream: 'user', circuits: { read: { state } }, inFlight }],
  });
  expect(merge(entry('closed', 1), entry('open', 2), entry('half_open', 3))).toMatchObject({
    upstreams: [{ upstream: 'user', circuits: { read: { state: 'open' } }, inFlight: 6 }],
  });
});

it('what each worker said is there, too', () => {
  expect(merge({ level: 'debug', until: null }, { level: 'debug', until: null })).toEqual({
    level: 'debug',
    until: null,
    workers: [
      { worker: 1, level: 'debug', until: null },
      { worker: 2, level: 'debug', until: null },
    ],
  });
});
