import { describe, expect, it } from 'vitest';
import { originOf, sharesOf } from './profile.js';

describe('reading a CPU profile', () => {
  it.each([
    ['file:///app/node_modules/@grpc/grpc-js/build/src/call.js', '@grpc/grpc-js'],
    ['file:///app/node_modules/a/node_modules/b/index.js', 'b'],
    ['node:internal/http2/core', 'node:internal/http2'],
    ['node:events', 'node:events'],
    ['file:///app/dist/main.js', 'own code'],
    ['', 'native f'],
  ])('puts %s to %s', (url, origin) => {
    expect(originOf('f', url)).toBe(origin);
  });

  it('gives the functions that protobufjs compiles to protobufjs', () => {
    expect(originOf('User$toObject', '')).toBe('protobufjs');
  });

  it('keeps garbage collection apart', () => {
    expect(originOf('(garbage collector)', '')).toBe('(garbage collector)');
  });

  it('adds self times up and leaves idle time out', () => {
    const frame = (id: number, functionName: string, url: string) => ({ id, callFrame: { functionName, url } });
    const shares = sharesOf({
      nodes: [frame(1, '(idle)', ''), frame(2, 'f', 'file:///x/node_modules/rxjs/a.js'), frame(3, 'g', 'node:net')],
      samples: [1, 2, 3, 2],
      timeDeltas: [500, 30, 20, 50],
    });
    expect(shares).toEqual([
      { origin: 'rxjs', share: 0.8 },
      { origin: 'node:net', share: 0.2 },
    ]);
  });
});
