import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PASSWORD } from '../../sandbox/data/seed.js';
import { startSandbox } from '../../sandbox/environment.js';
import { Client } from '../support/client.js';
import { gatewayCommand, unpackArchive } from '../support/gateway-command.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { TestRedis } from '../support/redis.js';

const ADMIN_TOKEN = 'an-admin-token-of-more-than-32-characters';
const CACHE_KEY = 'a cache key of more than thirty-two characters';
/** Nothing listens there: it is below the ports that the system lends. */
const NOWHERE = 'http://127.0.0.1:59';
const WRONG_PASSWORD = 'a-password-of-nobody';
const REDIS_PASSWORD = 'redis-password-0123456789';

let redis: TestRedis;
let gateway: TestGateway;
let alice: Client;
let directory: string;
let env: Record<string, string>;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'gateway-commands-'));
  redis = await TestRedis.start('--requirepass', REDIS_PASSWORD);
  const redisUrl = redis.url.replace('//', `//:${REDIS_PASSWORD}@`);
  const sandbox = await startSandbox({ faultServer: false, redisUrl });
  env = {
    ...sandbox.gatewayEnv('http://localhost:8080'),
    GATEWAY_ADMIN_AUTH_TOKEN: ADMIN_TOKEN,
    GATEWAY_CACHE_KEY: CACHE_KEY,
    GATEWAY_BUDGET_DEBIT_SHELF_DIR: join(directory, 'shelf'),
  };
  gateway = await startTestGateway({
    sandbox,
    env: { ...env, GATEWAY_ADMIN_ADDR: '127.0.0.1:0', GATEWAY_HEALTH_INTERVAL: '1s' },
  });
  alice = await Client.of(gateway, 'alice@acme.test');
});

afterAll(async () => {
  await gateway.close();
  await redis.close();
  rmSync(directory, { recursive: true });
});

function command(args: readonly string[], input = '', changes: Readonly<Record<string, string>> = {}) {
  return gatewayCommand(args, { ...env, ...changes }, input);
}

function running(): string[] {
  return ['--url', gateway.gateway.adminUrl ?? '', '--metrics', gateway.url];
}

describe('gateway explain --url', () => {
  test('says how a request of late was decided', async () => {
    const id = (await alice.get('/api/v1/users/acme-alice')).headers.get('x-request-id') ?? '';
    const args = ['explain', '--url', gateway.gateway.adminUrl ?? '', id];
    await expect.poll(async () => (await command(args)).exitCode).toBe(0);
    const { out } = await command(args);
    expect(out).toMatch(/^status +200$/m);
    expect(out).toMatch(/^decisionReason +ACCESS_LEVEL_MATCH$/m);
    expect(out).toMatch(/^timings\.totalMs +[\d.]+$/m);
  });

  test('tells a request that it does not know from a listener that does not let it in, and one that is away', async () => {
    const url = gateway.gateway.adminUrl ?? '';
    expect(await command(['explain', '--url', url, 'nobody'])).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining('is not among the last') as string,
    });
    const wrong = { GATEWAY_ADMIN_AUTH_TOKEN: `${ADMIN_TOKEN}-of-another` };
    expect(await command(['explain', '--url', url, 'nobody'], '', wrong)).toMatchObject({
      exitCode: 69,
      err: expect.stringContaining('GATEWAY_ADMIN_AUTH_TOKEN') as string,
    });
    expect((await command(['explain', '--url', NOWHERE, 'x'])).exitCode).toBe(69);
    expect((await command(['explain', 'GET'])).exitCode).toBe(1);
  });
});

describe('gateway upstream', () => {
  test('lists the services of one by reflection, as grpcurl does', async () => {
    const { exitCode, out } = await command(['upstream', 'auth', '--only', 'list']);
    expect(exitCode).toBe(0);
    expect(out.split('\n')).toEqual(
      expect.arrayContaining(['auth.v1.AuthService  (mounted)', 'grpc.health.v1.Health']),
    );
  });

  test('says its health with times, and how it is reached', async () => {
    expect((await command(['upstream', 'user', '--only', 'health'])).out).toMatch(
      /^user: serving; connected and answered in [\d.]+ms, then (?:[\d.]+(?:, |ms)){4}$/,
    );
    const { out, exitCode } = await command(['upstream', 'user']);
    expect(exitCode).toBe(0);
    for (const line of [
      /^ok +upstream user +connect /m,
      /^user: serving;/m,
      /^user\.v1\.UserService {2}\(mounted\)$/m,
    ]) {
      expect(out).toMatch(line);
    }
  });

  test('knows which upstreams there are', async () => {
    const { exitCode, err } = await command(['upstream', 'usr']);
    expect(exitCode).toBe(78);
    expect(err).toBe('unknown upstream "usr"; known: auth, user, tenant, ai. Did you mean user?');
  });

  test('says why one cannot be asked', async () => {
    await gateway.sandbox.setFault('ai', { mode: 'down' });
    const answers = await Promise.all(
      ['all', 'list', 'health'].map((only) => command(['upstream', 'ai', '--only', only])),
    );
    await gateway.sandbox.setFault('ai', { mode: 'none' });
    for (const { exitCode, out, err } of answers) {
      expect(exitCode).toBe(69);
      expect(out + err).toMatch(/refused/);
    }
  });
});

describe('gateway token explain', () => {
  test('verifies with the keys that the issuer publishes', async () => {
    const { exitCode, out } = await command(['token', 'explain'], alice.token);
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^ok +kid +\S+$/m);
    expect(out).toMatch(/^ok +typ +at\+jwt$/m);
    expect(out).toMatch(/^ok +tenant_id +acme$/m);
    for (const part of alice.token.split('.')) expect(out).not.toContain(part);
  });

  test('says which key is missing', async () => {
    await gateway.sandbox.rotateKeys('newer');
    const token = await gateway.sandbox.issueToken('alice@acme.test', {}, { kid: 'unheard-of' });
    const { exitCode, out } = await command(['token', 'explain'], token);
    expect(exitCode).toBe(1);
    expect(out).toMatch(/^FAIL +kid +"unheard-of" is not among the keys of http.*newer/m);
  });
});

describe('gateway outbox report', () => {
  test('counts what is on the shelf of a running gateway, which keeps it', async () => {
    await gateway.sandbox.setFault('tenant', { mode: 'down' });
    for (let n = 0; n < 3; n++) await alice.send('POST', '/api/v1/ai', { query: 'hello' });
    const report = async () =>
      JSON.parse((await command(['outbox', 'report', '--json'])).out) as Record<string, unknown>;
    await expect.poll(async () => (await report())['records']).toBe(3);
    expect(await report()).toMatchObject({
      damaged: 0,
      isLocked: true,
      oldest: expect.stringMatching(/^20\d\d-/) as string,
      tenants: [{ tenantId: 'acme', records: 3, quantity: 3 }],
    });
    const { out } = await command(['outbox', 'report']);
    expect(out).toMatch(/^acme +3 +3 +20/m);
    await gateway.sandbox.setFault('tenant', { mode: 'none' });
    await expect.poll(async () => (await report())['records']).toBe(0);
  });
});

describe('gateway diag', () => {
  test('writes one archive with what a ticket needs, for its owner alone', async () => {
    const file = join(directory, 'a.tar.gz');
    const { exitCode, out } = await command(['diag', ...running(), '-o', file, '--profile', '1']);
    expect({ exitCode, out }).toEqual({ exitCode: 0, out: file });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const files = await unpackArchive(file);
    const settings =
      'versions settings-here config upstreams circuits inflight limits last-errors last-requests health';
    for (const name of settings.split(' ')) expect([...files.keys()]).toContain(`${name}.json`);
    for (const name of ['metrics.txt', 'doctor.txt', 'goroutine.txt', 'profile.pb.gz'])
      expect(files.has(name)).toBe(true);
    expect([...files.keys()].filter((name) => name.includes('error.txt'))).toEqual([]);
    expect(files.get('metrics.txt')).toContain('gateway_upstream_up');
    expect(files.get('doctor.txt')).toMatch(/^ok +upstream user +health/m);
  });

  test('holds no secret that the sandbox knows', async () => {
    const { sandbox } = gateway;
    const login = { identifier: 'alice@acme.test', password: PASSWORD };
    const signedIn = (await (await alice.send('POST', '/api/v1/auth/login', login)).json()) as Record<string, unknown>;
    await alice.send('POST', '/api/v1/auth/login', { ...login, password: WRONG_PASSWORD });
    await alice.get(`/api/v1/users/${alice.token}`);
    await alice.get('/api/v1/users/acme-alice', {
      authorization: `Bearer ${alice.token}x`,
      cookie: 'sid=cookie-secret',
    });
    await sandbox.setFault('user', { mode: 'down' });
    await alice.get('/api/v1/users/acme-alice');
    await sandbox.setFault('user', { mode: 'none' });
    const file = join(directory, 'b.tar.gz');
    expect((await command(['diag', ...running(), '-o', file])).exitCode).toBe(0);
    expect(Object.keys(signedIn)).toEqual(expect.arrayContaining(['accessToken', 'refreshToken']));
    const all = [...(await unpackArchive(file)).values()].join('\n');
    const tokens = Object.values(signedIn).filter(
      (value) => typeof value === 'string' && value.length > 16,
    ) as string[];
    const secrets = [
      ADMIN_TOKEN,
      CACHE_KEY,
      REDIS_PASSWORD,
      WRONG_PASSWORD,
      'cookie-secret',
      alice.token,
      ...alice.token.split('.').slice(1),
      ...tokens,
      ...Object.entries(env).flatMap(([name, value]) => (/SECRET|_KEY$/.test(name) ? [value] : [])),
    ].filter((secret) => secret !== '');
    expect(secrets.length).toBeGreaterThan(8);
    for (const secret of secrets) expect(all, `the archive holds ${secret.slice(0, 8)}…`).not.toContain(secret);
  });

  test('is written without a gateway as well, and says what could not be had', async () => {
    const file = join(directory, 'c.tar.gz');
    const nowhere = ['--url', NOWHERE, '--metrics', NOWHERE];
    const { exitCode, err } = await command(['diag', ...nowhere, '-o', file]);
    expect(exitCode).toBe(69);
    expect(err).toContain(`not available: metrics.txt: ${NOWHERE}`);
    expect((await unpackArchive(file)).get('metrics.txt.error.txt')).toContain('ECONNREFUSED');
  });
});

describe('gateway triage', () => {
  test('finds nothing at a gateway that is well, and answers the five questions', async () => {
    const args = ['triage', ...running(), '--interval', '100ms'];
    // The health of upstreams is as old as the last look.
    await expect.poll(async () => (await command(args)).exitCode).toBe(0);
    const { exitCode, out } = await command(args);
    expect(out).toContain('nothing is wrong that can be seen from here');
    for (const line of [/^1 backends +auth, user, tenant, ai: serving$/m, /^2 traffic +[\d.]+ requests\/s/m]) {
      expect(out).toMatch(line);
    }
    expect(out).toMatch(/^3 resources +event loop lag \d+ms/m);
    expect(out).toMatch(/^4 changes +version /m);
    expect(out).toMatch(/^5 traces +last failure /m);
    expect(exitCode).toBe(0);
  });

  test('says that the gateway itself does not answer', async () => {
    const { exitCode, err } = await command(['triage', '--metrics', NOWHERE]);
    expect(exitCode).toBe(69);
    expect(err).toContain('the metrics of the gateway are not available');
  });
});
