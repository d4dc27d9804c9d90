import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startWorld } from '../../sandbox/world.js';
import { gatewayCommand } from '../support/gateway-command.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';

const ADMIN_TOKEN = 'an-admin-token-of-more-than-32-characters';

let gateway: TestGateway;
let env: Record<string, string>;

beforeAll(async () => {
  const world = await startWorld({ faultServer: false });
  env = { ...world.gatewayEnv('http://localhost:8080'), GATEWAY_ADMIN_AUTH_TOKEN: ADMIN_TOKEN };
  gateway = await startTestGateway({ world, env: { ...env, GATEWAY_ADMIN_ADDR: '127.0.0.1:0' } });
});
afterAll(() => gateway.close());

describe('gateway triage', () => {
  test('does not take another server for a gateway that is well', async () => {
    const admin = gateway.gateway.adminUrl ?? '';
    for (const url of [admin, env['JWT_ISSUER'] ?? '']) {
      const { exitCode, out, err } = await gatewayCommand(['triage', '--metrics', url, '--interval', '1ms'], env);
      expect({ exitCode, out }).toEqual({ exitCode: 69, out: '' });
      expect(err).toContain('compare --metrics, OPS_PORT, ENABLE_METRICS');
    }
  });
  test.each([
    [
      'without a token',
      '',
      /upstreams and last errors are not known: .* asks for a token: set GATEWAY_ADMIN_AUTH_TOKEN/,
    ],
    ['with the token of another', `${ADMIN_TOKEN}-of-another`, /are not known: .* does not take this token: compare/],
  ])('says what it could not look at %s', async (_, token, reason) => {
    const args = [
      'triage',
      '--url',
      gateway.gateway.adminUrl ?? '',
      '--metrics',
      gateway.url,
      '--interval',
      '1ms',
      '--no-probe',
    ];
    const { err, out } = await gatewayCommand(args, { ...env, GATEWAY_ADMIN_AUTH_TOKEN: token });
    expect(err).toMatch(reason);
    expect(out).toMatch(/^5 traces +unknown: the admin listener does not tell$/m);
  });
});
