import { describe, expect, it } from 'vitest';
import type { GatewayConfig } from './gateway-config.js';
import { basePathWarnings } from './route-warnings.js';

const warn = (basePath: string) =>
  basePathWarnings(['/metrics/x', '/api/v1/users'], { server: { basePath } as GatewayConfig['server'] });

describe('a base path', () => {
  it('that routes begin with is warned of', () => {
    expect(warn('/api')).toEqual([
      expect.objectContaining({
        name: 'GATEWAY_PUBLIC_URL',
        reason: expect.stringContaining('/api/v1/users is served as /api/api/v1/users') as string,
      }),
    ]);
    expect(warn('/api/v1')).toHaveLength(1);
  });

  it.each(['', '/edge', '/ap', '/api/v2'])('is fine otherwise: "%s"', (path) => {
    expect(warn(path)).toEqual([]);
  });
});
