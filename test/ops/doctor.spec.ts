import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Fault } from '../../sandbox/faults/fault.js';
import { startSandbox, type Upstream, type SandboxEnvironment } from '../../sandbox/environment.js';
import { run } from '../../src/cli/program.js';
import type { Suspicion } from '../../src/cli/triage/suspicion.js';
import type { CheckLine } from '../../src/cli/doctor/check-line.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { TestRedis } from '../support/redis.js';

const PARTS = ['auth', 'user', 'tenant', 'ai', 'redis', 'jwks'] as const satisfies readonly Upstream[];
const MODES = ['down', 'slow', 'hang', 'flaky', 'garbage'] as const satisfies readonly Fault['mode'][];
const LIMITS = ['--timeout', '2s', '--slow', '350ms'];
const CELLS = MODES.flatMap((mode) => PARTS.map((part) => ({ mode, part })));

let redis: TestRedis;
let sandbox: SandboxEnvironment;
let running: TestGateway;
let token: string;

/** Every third connection fails, whatever chance would say. */
function everyThird(): () => number {
  let n = 0;
  return () => (n++ % 3 === 0 ? 0 : 1);
}

beforeAll(async () => {
  redis = await TestRedis.start();
  sandbox = await startSandbox({ faultServer: false, idp: false, redisUrl: redis.url, random: everyThird() });
  running = await startTestGateway({
    sandbox,
    env: {
      GATEWAY_ADMIN_ADDR: '127.0.0.1:0',
      GATEWAY_HEALTH_INTERVAL: '400ms',
      GATEWAY_RECOVERY_HOLD: '0s',
      GATEWAY_CIRCUIT_OPEN: '500ms',
      GATEWAY_JWKS_CACHE_TTL: '1s',
    },
  });
  token = await sandbox.issueToken('alice@acme.test');
});

afterAll(async () => {
  await running.close();
  await redis.close();
});

async function gateway(args: readonly string[], changes: Readonly<Record<string, string>> = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const env = { ...sandbox.gatewayEnv(), ...changes };
  const exitCode = await run(args, { out: (line) => out.push(line), err: (line) => err.push(line) }, env);
  return { exitCode, out: out.join('\n'), err: err.join('\n') };
}

async function doctor() {
  const { exitCode, out, err } = await gateway(['doctor', '--json', ...LIMITS]);
  expect(err).toBe('');
  return { exitCode, checks: (JSON.parse(out) as { checks: CheckLine[] }).checks };
}

interface Triage {
  readonly causes: readonly Suspicion[];
  /** Output of `gateway doctor`. */
  readonly probes: readonly CheckLine[];
}

async function triage(): Promise<Triage> {
  const target = ['--url', running.gateway.adminUrl ?? '', '--metrics', running.url];
  const limits = ['--interval', '800ms', ...LIMITS];
  const { out, err } = await gateway(['triage', '--json', ...target, ...limits]);
  expect(err).toBe('');
  return JSON.parse(out) as Triage;
}

/** A few requests to each backend while a fault holds, none of which is waited for longer than that. */
async function traffic(signal: AbortSignal): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const query = JSON.stringify({ query: 'hello' });
  while (!signal.aborted) {
    const requests = [
      fetch(`${running.url}/api/v1/users/acme-alice`, { headers, signal }),
      fetch(`${running.url}/api/v1/tenants/acme`, { headers, signal }),
      fetch(`${running.url}/api/v1/ai`, { method: 'POST', headers, body: query, signal }),
      fetch(`${running.url}/api/v1/auth/tenants/acme/login-config`, { headers, signal }),
    ];
    await Promise.all(requests.map((request) => request.then((answer) => answer.text()).catch(() => undefined)));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const SUBJECTS = {
  auth: 'upstream auth',
  user: 'upstream user',
  tenant: 'upstream tenant',
  ai: 'upstream ai',
} as const;

function subjectOf(part: (typeof PARTS)[number]): string {
  return part === 'redis' || part === 'jwks' ? part : SUBJECTS[part];
}

describe('gateway doctor', () => {
  test('says of each part of a sound sandbox that it is', async () => {
    const { exitCode, out, err } = await gateway(['doctor']);
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
    expect(out).not.toMatch(/^(?:FAIL|warn)/m);
    for (const upstream of ['auth', 'user', 'tenant', 'ai']) {
      expect(out).toMatch(new RegExp(`^ok +upstream ${upstream} +connect +127.0.0.1:\\d+ answers after \\d+ms$`, 'm'));
      expect(out).toMatch(
        new RegExp(`^ok +upstream ${upstream} +health +grpc.health.v1 reports serving in \\d+ms$`, 'm'),
      );
      expect(out).toMatch(new RegExp(`^ok +upstream ${upstream} +contract +\\d+ RPCs are as mounted$`, 'm'));
    }
    expect(out).toMatch(/^ok +redis +auth +PING is answered$/m);
    expect(out).toMatch(/^ok +redis +eviction +maxmemory-policy noeviction$/m);
    expect(out).toMatch(/^ok +jwks +content +1 usable key$/m);
    expect(out).toMatch(/^ok +jwks +clock +this clock agrees with the issuer$/m);
    for (const step of ['nofile', 'memory', 'requests', 'caches']) expect(out).toMatch(new RegExp(`process +${step} `));
  });

  test.each(CELLS)('and gateway triage name $part $mode, and nothing else', async ({ mode, part }) => {
    const subject = subjectOf(part);
    await sandbox.setFault(part, { mode, latencyMs: 700 });
    const end = new AbortController();
    const sent = traffic(end.signal);
    const { causes, probes } = await triage();
    end.abort();
    await sandbox.setFault(part, { mode: 'none' });
    await sent;
    const named = probes.filter(({ condition }) => condition !== undefined && condition !== 'healthy');
    expect(named).toMatchObject([{ subject, condition: mode, remedy: expect.any(String) as string }]);
    const [first] = causes;
    expect(first).toMatchObject({ subject, condition: mode, runbook: expect.stringContaining('.md') as string });
    expect(first?.confidence).not.toBe('low');
  });

  test.each(MODES)('prints what is %s, and fails unless it works all the same', async (mode) => {
    await sandbox.setFault('user', { mode, latencyMs: 700 });
    const { exitCode, checks } = await doctor();
    await sandbox.setFault('user', { mode: 'none' });
    expect(checks.find(({ condition }) => condition === mode)?.subject).toBe('upstream user');
    if (mode !== 'slow') expect(exitCode).toBe(69);
  });

  test.each([
    ['AUTH_SERVICE_URL', 'nowhere.invalid:50051', /upstream auth +dns +unresolved: no such host: nowhere\.invalid/],
    ['AUTH_SERVICE_URL', () => `grpcs://${sandbox.authUrl}`, /upstream auth +connect +tls: .*(?:wrong version|packet)/],
    ['USER_SERVICE_URL', () => new URL(sandbox.jwksUrl).host, /upstream user +connect +garbage: .*speaks HTTP\/1\.1/],
    [
      'REDIS_URL',
      () => (sandbox.redisUrl ?? '').replace('//', '//nobody:wrong@'),
      /redis +auth +WRONGPASS; check user/,
    ],
    [
      'JWT_JWKS_URL',
      () => `${sandbox.issuer}/nothing.json`,
      /jwks +content +.*the key set answered 404; compare JWT_JWKS/,
    ],
  ])('with a wrong %s says what is wrong', async (name, value, line) => {
    const env = { [name]: typeof value === 'string' ? value : value() };
    const { exitCode, out } = await gateway(['doctor', '--timeout', '2s'], env);
    expect(exitCode).toBe(69);
    expect(out.split('\n').filter((each) => each.startsWith('FAIL'))).toEqual([expect.stringMatching(line)]);
  });

  test('warns of a Redis that throws out sessions when it is full', async () => {
    await redis.client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const { exitCode, out } = await gateway(['doctor']);
    await redis.client.config('SET', 'maxmemory-policy', 'noeviction');
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^warn +redis +eviction +maxmemory-policy allkeys-lru evicts/m);
  });

  test('refuses settings with which no gateway starts', async () => {
    const { exitCode, err } = await gateway(['doctor'], { AUTH_SERVICE_URL: '' });
    expect(exitCode).toBe(78);
    expect(err).toContain('AUTH_SERVICE_URL: is not set');
  });
});

test('gateway check --live prints what does not answer', async () => {
  await sandbox.setFault('tenant', { mode: 'down' });
  const down = await gateway(['check', '--live']);
  await sandbox.setFault('tenant', { mode: 'none' });
  expect(down.exitCode).toBe(69);
  expect(down.out).toContain('configuration is valid');
  expect(down.out).toMatch(/^FAIL +upstream tenant +connect +down: /m);
  expect(down.out).not.toMatch(/^ok /m);
  expect((await gateway(['check', '--live'])).exitCode).toBe(0);
});
