import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSandbox } from '../../sandbox/environment.js';
import { callAdmin } from '../support/admin.js';
import { Client } from '../support/client.js';
import { gatewayCommand } from '../support/gateway-command.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';

const ADMIN_TOKEN = 'an-admin-token-of-more-than-32-characters';

let gateway: TestGateway;
let env: Record<string, string>;

beforeAll(async () => {
  const sandbox = await startSandbox({ faultServer: false });
  env = { ...sandbox.gatewayEnv('http://localhost:8080'), GATEWAY_ADMIN_AUTH_TOKEN: ADMIN_TOKEN };
  gateway = await startTestGateway({ sandbox, env: { ...env, GATEWAY_ADMIN_ADDR: '127.0.0.1:0' } });
});
afterAll(() => gateway.close());

interface Causes {
  readonly causes: readonly { subject: string; condition: string; remedy?: string; evidence: string[] }[];
}

/** The event loop of a test process lags for reasons of its own, which is a cause too. */
const isCircuit = ({ subject }: { readonly subject: string }) => subject.startsWith('circuit ');

async function triageJson(): Promise<Causes & { exitCode: number }> {
  const target = ['--url', gateway.gateway.adminUrl ?? '', '--metrics', gateway.url];
  const { exitCode, out } = await gatewayCommand(['triage', '--json', ...target, '--interval', '200ms'], env);
  return { exitCode, ...(JSON.parse(out) as Causes) };
}

describe('gateway triage', () => {
  test.each([
    ['user', '/api/v1/users/acme-alice'],
    ['tenant', '/api/v1/tenants/acme'],
  ])('names the circuits of %s that refuse requests while it works', async (upstream, path) => {
    const authorization = { authorization: `Bearer ${ADMIN_TOKEN}` };
    const change = (to: string) => callAdmin(gateway, 'POST', `/admin/circuits/${upstream}/${to}`, authorization);
    const alice = await Client.of(gateway, 'alice@acme.test');
    expect((await change('open')).status).toBe(200);
    const told = triageJson();
    for (let n = 0; n < 10; n++) expect((await alice.get(path)).status).toBe(503);
    const { exitCode, causes } = await told;
    await change('close');
    expect(exitCode).toBe(1);
    expect(causes.filter(isCircuit)).toMatchObject([
      { subject: `circuit ${upstream}.read`, condition: 'open', runbook: 'runbooks/sop/circuits.md' },
      { subject: `circuit ${upstream}.write`, condition: 'open' },
    ]);
    expect(causes.find(isCircuit)?.remedy).toContain(`/admin/circuits/${upstream}/close`);
    expect((await triageJson()).causes.filter(isCircuit)).toEqual([]);
  });

  test('does not take another server for a gateway that is well', async () => {
    const admin = gateway.gateway.adminUrl ?? '';
    for (const url of [admin, env['JWT_ISSUER'] ?? '']) {
      const { exitCode, out, err } = await gatewayCommand(['triage', '--metrics', url, '--interval', '1ms'], env);
      expect({ exitCode, out }).toEqual({ exitCode: 69, out: '' });
      expect(err).toContain('compare --metrics, OPS_PORT, ENABLE_METRICS');
    }
  });
  test.each([
    ['without a token', '', /upstreams and last errors are unknown: .* requires a token: set GATEWAY_ADMIN_AUTH_TOKEN/],
    ['with the token of another', `${ADMIN_TOKEN}-of-another`, /are unknown: .* rejects this token: compare/],
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
    expect(out).toMatch(/^5 traces +unknown: the admin listener is not available$/m);
  });
});
