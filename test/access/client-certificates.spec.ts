import { Agent, request, type RequestOptions } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseEnvironment } from '../../src/config/environment.js';
import type { ConfigError } from '../../src/config/config-error.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { ListenerFiles, listenerPem, readListenerPem } from '../support/listener-files.js';
import { Scrape } from '../support/metrics.js';

const files = new ListenerFiles();
const authorities = join(files.folder, 'clients.crt');
const identities = join(files.folder, 'clients.yaml');
const IDENTITIES = `
uri:spiffe://acme.test/ns/prod/sa/billing:
  subject: billing
  tenant: acme
  permissions: [user.read]
dns:reports.acme.test:
  tenant: acme
`;
let gateway: TestGateway;

beforeAll(async () => {
  files.replace(authorities, readListenerPem('authority'));
  files.replace(identities, IDENTITIES);
  gateway = await start();
});
afterAll(async () => {
  await gateway.close();
  files.remove();
});

const settings = () => ({
  ...files.env,
  OPS_PORT: '0',
  GATEWAY_TLS_CLIENT_CA_FILE: authorities,
  GATEWAY_TLS_CLIENT_IDENTITIES: identities,
});
const start = (env: Readonly<Record<string, string>> = {}) => {
  const all = { ...settings(), ...env };
  return startTestGateway({ env: all, reread: () => all });
};
const own = (name: string) => ({ cert: readListenerPem(name), key: readListenerPem(`${name}-key`) });

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly connection: string | undefined;
}

/** Asks with a certificate, or with none; the code of the error where there is no answer. */
function ask(
  url: string,
  name: string | undefined,
  options: RequestOptions & { path?: string } = {},
): Promise<Answer | string> {
  return new Promise((resolve) => {
    const { path = '/api/v1/me' } = options;
    const sent = request(
      `${url}${path}`,
      { ca: readListenerPem('authority'), agent: false, ...(name === undefined ? {} : own(name)), ...options },
      (response) => {
        const { statusCode: status = 0, headers } = response;
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => (body += text));
        response.once('end', () => resolve({ status, body, connection: headers.connection }));
      },
    );
    sent.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    sent.end();
  });
}
const principalIn = (answer: Answer | string) =>
  (JSON.parse((answer as Answer).body) as { principal: Record<string, unknown> }).principal;
const reasonOf = () => gateway.lines.findLast(({ logger }) => logger === 'AUTH_DECISION')?.decision_reason;
const refused = async (url = gateway.gateway.opsUrl ?? '') =>
  (await Scrape.of(url)).sum('gateway_tls_handshake_failures_total{reason="client_certificate"}');

describe('a client certificate', () => {
  it('is a credential: its name says who calls, for which tenant, and what they may', async () => {
    const answer = await ask(gateway.url, 'workload');
    expect(answer).toMatchObject({ status: 200 });
    expect(principalIn(answer)).toMatchObject({
      subject: 'billing',
      tenantId: 'acme',
      identityType: 'service',
      authMethod: 'certificate',
      permissions: ['user.read'],
    });
    expect(await ask(gateway.url, 'workload', { path: '/api/v1/users?page_size=1' })).toMatchObject({ status: 200 });
  });

  it('has no permission that the settings do not name', async () => {
    expect(await ask(gateway.url, 'named')).toMatchObject({ status: 200 });
    expect(await ask(gateway.url, 'named', { path: '/api/v1/users?page_size=1' })).toMatchObject({ status: 403 });
  });

  it('without a name in the settings is nobody', async () => {
    expect(await ask(gateway.url, 'unmapped')).toMatchObject({ status: 401 });
    await expect.poll(reasonOf).toBe('CERTIFICATE_UNKNOWN');
  });

  it('is not asked for where the request has a credential of its own', async () => {
    const token = await gateway.sandbox.issueToken('alice@acme.test');
    const answer = await ask(gateway.url, 'unmapped', { headers: { authorization: `Bearer ${token}` } });
    expect(principalIn(answer)).toMatchObject({ authMethod: 'jwt' });
    const wrong = await ask(gateway.url, 'workload', { headers: { authorization: 'Bearer eyJ.x.y' } });
    expect(wrong).toMatchObject({ status: 401 });
  });

  it('of another authority ends its connection, whatever it names, and is counted', async () => {
    const before = await refused();
    expect(await ask(gateway.url, 'forged')).toMatch(/ECONNRESET|socket hang up|EPIPE/);
    await expect.poll(() => refused()).toBe(before + 1);
  });

  it.each([
    ['an Origin', { origin: 'https://evil.test' }],
    ['Sec-Fetch-Site', { 'sec-fetch-site': 'cross-site' }],
  ])('is not taken from a browser, which sends %s', async (_what, headers) => {
    expect(await ask(gateway.url, 'workload', { headers })).toMatchObject({ status: 403 });
    await expect.poll(reasonOf).toBe('CSRF_FAILED');
  });

  it('in a header is nothing: nobody can tell who wrote it', async () => {
    const headers = { 'x-forwarded-client-cert': 'URI=spiffe://acme.test/ns/prod/sa/billing' };
    expect(await ask(gateway.url, undefined, { headers })).toMatchObject({ status: 401 });
  });

  it('gets what a reload says of its name, also on a connection that is open', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const subject = async () => principalIn(await ask(gateway.url, 'workload', { agent }))['subject'];
    expect(await subject()).toBe('billing');
    files.replace(identities, IDENTITIES.replace('subject: billing', 'subject: invoices'));
    await gateway.gateway.reload();
    expect(await subject()).toBe('invoices');
    files.replace(identities, '{}');
    await gateway.gateway.reload();
    expect(await ask(gateway.url, 'workload', { agent })).toMatchObject({ status: 401 });
    files.replace(identities, IDENTITIES);
    await gateway.gateway.reload();
    agent.destroy();
  });

  it('of an authority that is withdrawn ends with the next answer of its connection', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect(await ask(gateway.url, 'workload', { agent })).toMatchObject({ status: 200 });
    files.replace(authorities, readListenerPem('stranger'));
    await expect.poll(() => ask(gateway.url, 'workload', { agent })).toMatch(/ECONNRESET|socket hang up|EPIPE/);
    expect(await ask(gateway.url, 'workload')).toMatch(/ECONNRESET|socket hang up|EPIPE/);
    files.replace(authorities, readListenerPem('authority'));
    await expect.poll(() => ask(gateway.url, 'workload')).toMatchObject({ status: 200 });
    agent.destroy();
  });
});

it('a listener that requires certificates lets nobody without one connect', async () => {
  const strict = await start({ GATEWAY_TLS_CLIENT_AUTH: 'required' });
  try {
    expect(await ask(strict.url, undefined, { path: '/livez' })).toMatch(/ECONNRESET|socket hang up|EPIPE/);
    expect(await ask(strict.url, 'workload', { path: '/livez' })).toMatchObject({ status: 200 });
    expect(await refused(strict.gateway.opsUrl ?? '')).toBe(1);
  } finally {
    await strict.close();
  }
});

describe('the file of identities', () => {
  const problems = (text: string) => {
    const path = join(files.folder, 'wrong.yaml');
    files.replace(path, text);
    try {
      parseEnvironment({ ...gateway.sandbox.gatewayEnv(), ...settings(), GATEWAY_TLS_CLIENT_IDENTITIES: path });
      return [];
    } catch (error) {
      return (error as ConfigError).problems.map(({ name, reason }) => `${name} ${reason}`);
    }
  };
  it.each([
    ['a permission that grants nothing', 'cn:a: {permissions: [everything]}', /cn:a.permissions.0 is not a permission/],
    ['a name without its kind', 'spiffe://a/b: {tenant: a}', /spiffe:..a.b Invalid key/],
    ['a member that means nothing', 'cn:a: {tenent: acme}', /tenent/],
    ['what is not YAML', 'cn:a: [', /wrong.yaml:\d+:/],
  ])('is refused with %s', (_what, text, reason) => {
    expect(problems(text)).toEqual([expect.stringMatching(reason)]);
  });
});

it('names of certificates without authorities, and authorities without TLS, are refused', () => {
  const base = gateway.sandbox.gatewayEnv();
  const problemsOf = (env: Record<string, string>) => {
    try {
      parseEnvironment({ ...base, ...env });
      return [];
    } catch (error) {
      return (error as ConfigError).problems.map(({ name }) => name);
    }
  };
  expect(problemsOf({ GATEWAY_TLS_CLIENT_CA_FILE: listenerPem('authority') })).toEqual(['GATEWAY_TLS_CLIENT_CA_FILE']);
  expect(problemsOf({ ...files.env, GATEWAY_TLS_CLIENT_IDENTITIES: identities })).toEqual([
    'GATEWAY_TLS_CLIENT_IDENTITIES',
  ]);
});
