import { describe, expect, it } from 'vitest';
import { CallContext } from './call-context.js';
import type { TraceContext } from './trace-context.js';

/** Counts what was given back to it. */
class Issuer {
  readonly left: number[] = [];

  leave(ticket: number): void {
    this.left.push(ticket);
  }
}

const context = () => new CallContext('id', {} as TraceContext, 0, Infinity);

describe('the permit of a circuit breaker', () => {
  it('goes back once when the request ends without a call', () => {
    const [issuer, call] = [new Issuer(), context()];
    call.holdPermit(issuer, 7);
    call.end();
    call.end();
    call.releasePermit();
    expect([issuer.left, call.isOver]).toEqual([[7], true]);
  });

  it('goes back immediately when it is taken after the request ended', () => {
    const [issuer, call] = [new Issuer(), context()];
    call.end();
    call.holdPermit(issuer, 7);
    expect([issuer.left, call.takePermit(issuer)]).toEqual([[7], 0]);
  });

  it('is taken by its issuer alone, once, and then is not given back', () => {
    const [issuer, call] = [new Issuer(), context()];
    call.holdPermit(issuer, 7);
    expect([call.takePermit(new Issuer()), call.takePermit(issuer), call.takePermit(issuer)]).toEqual([0, 7, 0]);
    call.end();
    expect(issuer.left).toEqual([]);
  });

  it('is given back by the context that it was passed to', () => {
    const [issuer, call, other] = [new Issuer(), context(), context()];
    call.holdPermit(issuer, 7);
    call.passPermitTo(other);
    call.end();
    expect(issuer.left).toEqual([]);
    other.releasePermit();
    expect(issuer.left).toEqual([7]);
  });
});
