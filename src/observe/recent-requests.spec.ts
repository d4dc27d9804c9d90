import { beforeEach, describe, expect, it } from 'vitest';
import { CallContext } from '../domain/call-context.js';
import { GatewayError } from '../domain/errors.js';
import { NO_TRACE } from '../domain/trace-context.js';
import type { HttpFacts } from './http-facts.js';
import { RecentRequests } from './recent-requests.js';

let recent: RecentRequests;
beforeEach(() => {
  recent = new RecentRequests();
});

function note(id: string, status = 200): void {
  const call = new CallContext(id, NO_TRACE, 0, Infinity);
  call.routeLabel = '/a';
  if (status >= 500) call.error = new GatewayError('UPSTREAM_TIMEOUT', 'late');
  recent.note(call, { status, method: 'GET', path: '/a', durationMs: 1 } as HttpFacts, Date.now());
}

describe('the last requests', () => {
  it('are none at first', () => {
    expect([recent.last(), recent.lastErrors(), recent.find('')]).toEqual([[], [], undefined]);
  });

  it('are kept with the newest first, 1,024 of them', () => {
    for (let n = 1; n <= 1_500; n++) note(`r${n}`);
    expect(recent.last()).toHaveLength(1_024);
    expect(recent.last().map(({ requestId }) => requestId)).toEqual(
      Array.from({ length: 1_024 }, (_, n) => `r${1_500 - n}`),
    );
    expect([recent.find('r476'), recent.find('r477')?.route]).toEqual([undefined, '/a']);
  });

  it('that failed are kept for longer, and found', () => {
    note('broken', 504);
    for (let n = 0; n < 2_000; n++) note(`r${n}`);
    expect(recent.lastErrors().map(({ requestId }) => requestId)).toEqual(['broken']);
    expect(recent.find('broken')?.error?.code).toBe('UPSTREAM_TIMEOUT');
  });

  it('that failed are fifty at most, and refusals of clients are not among them', () => {
    for (let n = 0; n < 60; n++) note(`r${n}`, n % 2 === 0 ? 503 : 404);
    for (let n = 0; n < 60; n++) note(`s${n}`, 500);
    expect(recent.lastErrors()).toHaveLength(50);
    expect(recent.lastErrors().at(-1)?.requestId).toBe('s10');
  });

  it('are written over in place', () => {
    note('one');
    const [place] = recent.last();
    for (let n = 0; n < 1_024; n++) note(`r${n}`);
    expect(recent.last()[0]).toBe(place);
  });
});
