import { describe, expect, it } from 'vitest';
import type { GatewayConfig } from './gateway-config.js';
import { LiveConfig } from './live-config.js';

const configOf = (requestMs: number, port: number) =>
  ({
    timeouts: { requestMs },
    upstreams: new Map([['user', { timeoutMs: requestMs }]]),
    redis: undefined,
    descriptorFiles: [String(port)],
  }) as unknown as GatewayConfig;

describe('the settings in force', () => {
  it('are read anew through an object and a group that were kept', () => {
    const live = new LiveConfig(configOf(1, 1));
    const { view } = live;
    const { timeouts } = view;
    live.replace(configOf(2, 2));
    expect([view.timeouts.requestMs, timeouts.requestMs]).toEqual([2, 2]);
    expect(view.upstreams.get('user')?.timeoutMs).toBe(2);
    expect(view.descriptorFiles).toEqual(['2']);
  });

  it('look like settings: they can be spread, written as JSON, and not be changed', () => {
    const { view } = new LiveConfig(configOf(1, 1));
    expect({ ...view.timeouts }).toEqual({ requestMs: 1 });
    expect(JSON.stringify(view)).toBe('{"timeouts":{"requestMs":1},"upstreams":{},"descriptorFiles":["1"]}');
    expect(() => ((view as unknown as { redis: unknown }).redis = 1)).toThrow(TypeError);
  });
});
