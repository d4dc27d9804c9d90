import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startSandbox, type SandboxEnvironment } from '../../sandbox/environment.js';
import { Client } from '../support/client.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { countStatuses, flood, lastDenial, repeat, untilDenied } from '../support/rate-limits.js';

const USER = '/api/v1/users/acme-alice';

let sandbox: SandboxEnvironment;
const gateways: TestGateway[] = [];

beforeAll(async () => void (sandbox = await startSandbox({ faultServer: false, idp: false })));
afterAll(() => sandbox.close());
afterEach(async () => {
  await Promise.all(gateways.splice(0).map((each) => each.gateway.drain()));
});

async function start(env: Readonly<Record<string, string>> = {}): Promise<TestGateway> {
  const gateway = await startTestGateway({ sandbox, env });
  gateways.push(gateway);
  return gateway;
}

describe('an address', () => {
  const env = { GATEWAY_RATE_LIMIT_IP_RPS: '1', GATEWAY_RATE_LIMIT_IP_BURST: '10' };

  it('that nobody has signed in from is stopped before any credential is looked at', async () => {
    const gateway = await start(env);
    const send = () => fetch(`${gateway.url}/api/v1/users`, { headers: { authorization: 'Bearer x' } });
    const { passed, meanwhile, responses } = await flood(25, send);
    expect(passed).toBe(responses.filter(({ status }) => status === 401).length);
    expect(passed).toBeLessThanOrEqual(10 + meanwhile);
    expect((await untilDenied(send)).headers.get('x-ratelimit-dimension')).toBe('ip');
    await expect.poll(() => lastDenial(gateway)).toMatchObject({ ratelimit_scope: 'ip', tenant_id: '' });
  });

  it('that asks too much still gets health and metrics', async () => {
    const gateway = await start(env);
    await untilDenied(() => fetch(`${gateway.url}/nope`));
    for (const path of ['/livez', '/startupz', '/readyz', '/health', '/healthz', '/metrics']) {
      const { status, headers } = await fetch(gateway.url + path);
      expect([path, status, headers.get('ratelimit')]).toEqual([path, 200, null]);
    }
  });

  it('behind a proxy that is trusted is told from others behind it', async () => {
    const gateway = await start({ ...env, GATEWAY_TRUSTED_PROXIES: '127.0.0.0/8' });
    const from = (address: string) => () =>
      fetch(`${gateway.url}/api/v1/users`, { headers: { 'x-forwarded-for': address } });
    await untilDenied(from('203.0.113.7'));
    expect(countStatuses(await repeat(5, from('203.0.113.8')))).toEqual({ 401: 5 });
    // What the client itself put there stands to the left of what the proxy saw.
    let n = 0;
    await untilDenied(() => from(`198.51.100.${n++}, 203.0.113.7`)());
  });

  it.each([
    ['x-forwarded-for', (address: string, port: number) => `${address}:${port}`],
    ['x-forwarded-for', (_: string, port: number) => `[2001:db8::7]:${port}`],
    ['forwarded', (address: string, port: number) => `for="${address}:${port}"`],
  ])('behind a proxy that names ports in %s is one client, whatever the port', async (header, value) => {
    const gateway = await start({ ...env, GATEWAY_TRUSTED_PROXIES: '127.0.0.0/8' });
    let port = 1024;
    const send = (address: string) => () =>
      fetch(`${gateway.url}/api/v1/users`, { headers: { [header]: value(address, port++) } });
    await untilDenied(send('203.0.113.7'));
    await expect.poll(() => lastDenial(gateway)?.['remote_addr']).toMatch(/^(203\.0\.113\.7|2001:db8::7)$/);
    expect(countStatuses(await repeat(5, () => fetch(`${gateway.url}/api/v1/users`)))).toEqual({ 401: 5 });
  });

  it('is not believed of a peer that is no such proxy', async () => {
    const gateway = await start(env);
    let n = 0;
    const spoof = () => fetch(`${gateway.url}/api/v1/users`, { headers: { 'x-forwarded-for': `203.0.113.${n++}` } });
    expect((await untilDenied(spoof)).headers.get('x-ratelimit-dimension')).toBe('ip');
  });

  it('that many share behind NAT is no reason to stop one tenant for another', async () => {
    const gateway = await start({ RATE_LIMIT_RPS: '1', RATE_LIMIT_BURST: '5' });
    const [alice, carol] = await Promise.all(
      ['alice@acme.test', 'carol@globex.test'].map((user) => Client.of(gateway, user)),
    );
    await untilDenied(() => alice!.get(USER));
    expect(countStatuses(await repeat(5, () => carol!.get('/api/v1/users')))).toEqual({ 200: 5 });
  });
});
