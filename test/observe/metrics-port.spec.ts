import { describe, expect, it } from 'vitest';
import { startTestGateway } from '../support/gateway.js';

describe('OPS_PORT', () => {
  it('takes the metrics off the main port, and answers health on both', async () => {
    const own = await startTestGateway({ env: { OPS_PORT: '0' } });
    try {
      const ops = own.gateway.opsUrl ?? '';
      expect((await fetch(`${own.url}/metrics`)).status).toBe(404);
      expect(await (await fetch(`${ops}/metrics`)).text()).toContain('process_cpu_seconds_total');
      expect((await fetch(`${ops}/readyz`)).status).toBe(200);
      expect((await fetch(`${own.url}/readyz`)).status).toBe(200);
      const other = await fetch(`${ops}/api/v1/users`);
      expect(other.status).toBe(404);
      expect(other.headers.get('content-type')).toContain('application/problem+json');
    } finally {
      await own.close();
    }
  });
});

describe('ENABLE_METRICS=false', () => {
  it.each([{}, { OPS_PORT: '0' }])('is the reason that a scrape is answered with (%j)', async (more) => {
    const own = await startTestGateway({ env: { ENABLE_METRICS: 'false', ...more } });
    try {
      const response = await fetch(`${own.gateway.opsUrl ?? own.url}/metrics`);
      expect(response.status).toBe(404);
      expect(await response.text()).toContain('ENABLE_METRICS is false');
      expect(own.lines.map(({ msg }) => msg)).toContain('metrics_disabled: /metrics is 404');
    } finally {
      await own.close();
    }
  });
});
