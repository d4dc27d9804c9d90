import { describe, expect, it } from 'vitest';
import { unaryMethod, upstreamCall } from '../../../test/support/upstream-call.js';
import { BodyMemory, defaultBodyMemory } from './body-memory.js';

const MIB = 1_048_576;
const request = () => upstreamCall(unaryMethod()).context;

describe('the memory for bodies of requests', () => {
  it('refuses bytes beyond it with 503, Retry-After and the end of the connection', () => {
    const memory = new BodyMemory(100);
    expect(memory.take(request(), 60)).toBeUndefined();
    expect(memory.take(request(), 41)).toMatchObject({
      code: 'OVERLOADED',
      retryAfterSeconds: 1,
      headers: { connection: 'close' },
    });
    expect(memory.heldBytes).toBe(60);
  });

  it('counts a body that arrives in parts, and holds what came of one that is refused until that is over', () => {
    const memory = new BodyMemory(100);
    const [first, second] = [request(), request()];
    for (let n = 0; n < 5; n++) expect(memory.take(first, 10)).toBeUndefined();
    expect(memory.take(second, 40)).toBeUndefined();
    expect(memory.take(second, 20)).toBeDefined();
    expect(memory.heldBytes).toBe(90);
    memory.release(second);
    memory.release(second);
    expect(memory.heldBytes).toBe(50);
    expect(memory.take(request(), 50)).toBeUndefined();
  });

  it('takes a body that is alone whatever its size', () => {
    const memory = new BodyMemory(100);
    const large = request();
    for (let n = 0; n < 3; n++) expect(memory.take(large, 90)).toBeUndefined();
    expect(memory.take(request(), 1)).toBeDefined();
    memory.release(large);
    expect(memory.heldBytes).toBe(0);
  });

  it('is an eighth of the heap unless the settings say otherwise', () => {
    expect(defaultBodyMemory(512 * MIB)).toBe(64 * MIB);
  });
});
