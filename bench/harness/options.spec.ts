import { describe, expect, it } from 'vitest';
import { UsageError, parseOptions } from './options.js';

describe('the command line', () => {
  it('measures everything and writes the result files unless told otherwise', () => {
    expect(parseOptions([])).toMatchObject({ rounds: 12, seconds: 1.5, connections: 64, save: true, rate: undefined });
    expect(parseOptions(['--warmup', '20'])).toMatchObject({ warmupSeconds: 20, seconds: 1.5 });
    expect(parseOptions([]).systems).toEqual(['nest', 'fastify', 'go', 'gateway', 'gateway-traced', 'gateway-grpc-js']);
  });

  it.each([[['--quick']], [['--only', 'nest']], [['--scenario', 'sse']], [['--profile']]])(
    'writes no files for %j',
    (args) => {
      expect(parseOptions(args).save).toBe(false);
      expect(parseOptions([...args, '--save']).save).toBe(true);
    },
  );

  it('takes systems in a fixed order, so that the yardstick comes first', () => {
    expect(parseOptions(['--only', 'gateway, nest']).systems).toEqual(['nest', 'gateway']);
  });

  it('takes another checkout of the gateway beside the systems, and writes no files then', () => {
    const { systems, before, save } = parseOptions(['--only', 'gateway', '--before', '../before']);
    expect([systems, before, save]).toEqual([['before', 'gateway'], '../before', false]);
  });

  it.each([
    [['--only', 'express'], '"express" is none of nest, fastify, go, gateway, gateway-traced, gateway-grpc-js'],
    [['--scenario', 'get'], '"get" is none of get-one'],
    [['--rounds', 'many'], '"many" is not a number above 0'],
    [['--seconds', '-1'], '--seconds'],
    [['--warmup', '0'], '--warmup'],
    [['--cores', '0,0'], 'not two different cores'],
    [['--fast'], '--fast'],
  ])('refuses %j and says why', (args, message) => {
    expect(() => parseOptions(args)).toThrow(UsageError);
    expect(() => parseOptions(args)).toThrow(message);
  });
});
