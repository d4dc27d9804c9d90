import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startSandbox, type SandboxEnvironment } from '../../sandbox/environment.js';
import { Client } from '../support/client.js';
import { NO_CIRCUIT } from '../support/fault-settings.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectFetchProblem } from '../support/problem.js';
import { TestRedis } from '../support/redis.js';

const USERS = '/api/v1/users';
const CACHE_KEY = 'the key of the cache, more than 32 bytes';

let sandbox: SandboxEnvironment;
let redis: TestRedis;
let gateways: Record<'alone' | 'first' | 'second', TestGateway>;
let next = 0;
let key: string;
let name: string;

beforeAll(async () => {
  [sandbox, redis] = await Promise.all([startSandbox({ faultServer: false, idp: false }), TestRedis.start()]);
  const small = { GATEWAY_CACHE_MAX_ENTRY_BYTES: '1KiB', ...NO_CIRCUIT };
  const shared = { REDIS_URL: redis.url, GATEWAY_CACHE_KEY: CACHE_KEY, GATEWAY_REDIS_COMMAND_TIMEOUT: '500ms' };
  const env = { ...small, ...shared };
  const [alone, first, second] = await Promise.all([
    startTestGateway({ sandbox, env: small }),
    startTestGateway({ sandbox, env }),
    startTestGateway({ sandbox, env }),
  ]);
  gateways = { alone, first, second };
});
afterAll(async () => {
  await Promise.all(Object.values(gateways).map((each) => each.gateway.drain()));
  await Promise.all([sandbox.close(), redis.close()]);
});
beforeEach(() => {
  name = `user-${++next}`;
  key = `key-${next}`;
});
afterEach(async () => {
  vi.useRealTimers();
  await sandbox.setFault('user', { mode: 'none' });
});

const clientOf = (at: keyof typeof gateways, user = 'alice@acme.test') => Client.of(gateways[at], user);
const bodyOf = (username: string) => ({ username, email: `${username}@acme.test` });

/** Sends CreateUser with the key of the test. */
function create(client: Client, body: unknown = bodyOf(name), headers = {}): Promise<Response> {
  return client.send('POST', USERS, body, { 'idempotency-key': key, ...headers });
}

/** Calls of CreateUser that reached the backend. */
function created(): number {
  return sandbox.calls.list().filter(({ method }) => method.endsWith('/CreateUser')).length;
}

/** Calls to the user service that a gateway waits for. */
async function underWay(at: keyof typeof gateways): Promise<number> {
  const text = await (await fetch(`${gateways[at].url}/metrics`)).text();
  return Number(/^gateway_upstream_in_flight_requests\{upstream="user"\} (\d+)/m.exec(text)?.[1]);
}

const isReplay = (response: Response) => response.headers.get('idempotency-replayed') === 'true';

describe.each(['alone', 'first'] as const)('a request with an Idempotency-Key at the gateway "%s"', (at) => {
  it('is done once, and answered the same however often it is sent', async () => {
    const alice = await clientOf(at);
    const before = created();
    const first = await create(alice);
    const again = await create(alice);
    expect([first.status, again.status, created() - before]).toEqual([201, 201, 1]);
    expect([isReplay(first), isReplay(again)]).toEqual([false, true]);
    expect(again.headers.get('content-type')).toBe(first.headers.get('content-type'));
    expect(await again.text()).toBe(await first.text());
  });

  it('is another request when its body differs: 409', async () => {
    const alice = await clientOf(at);
    await create(alice);
    const before = created();
    const body = await expectFetchProblem(await create(alice, bodyOf(`${name}-b`)), 'ALREADY_EXISTS');
    expect(String(body.detail)).toContain('Idempotency-Key');
    expect(created()).toBe(before);
  });

  it('keeps nobody else from the same key', async () => {
    await create(await clientOf(at));
    const carol = await clientOf(at, 'carol@globex.test');
    expect(isReplay(await create(carol))).toBe(false);
  });

  it('is 409 with Retry-After while the first is under way', async () => {
    const alice = await clientOf(at);
    await sandbox.setFault('user', { mode: 'hang' });
    const first = create(alice);
    await expect.poll(() => underWay(at)).toBe(1);
    const second = await create(alice);
    expect(second.headers.get('retry-after')).toBe('1');
    await expectFetchProblem(second, 'ABORTED');
    await sandbox.setFault('user', { mode: 'none' });
    expect((await first).status).toBe(201);
    expect(isReplay(await create(alice))).toBe(true);
  });

  it('is not done again when its answer was too large to be kept: 409 with the status that it had', async () => {
    const alice = await clientOf(at);
    const body = { ...bodyOf(name), displayName: 'x'.repeat(2000) };
    const before = created();
    expect((await create(alice, body)).status).toBe(201);
    for (let again = 0; again < 2; again++) {
      const answer = await create(alice, body);
      expect(isReplay(answer)).toBe(true);
      const problem = await expectFetchProblem(answer, 'ALREADY_EXISTS');
      expect(String(problem.detail)).toContain('was carried out and answered 201');
    }
    expect(created()).toBe(before + 1);
  });

  it('gets the refusal of the backend again', async () => {
    const alice = await clientOf(at);
    await create(alice);
    key = `${key}-other`;
    await expectFetchProblem(await create(alice), 'ALREADY_EXISTS');
    const before = created();
    const again = await create(alice);
    expect(isReplay(again)).toBe(true);
    await expectFetchProblem(again, 'ALREADY_EXISTS');
    expect(created()).toBe(before);
  });

  it('may be tried again after a failure of the backend', async () => {
    const alice = await clientOf(at);
    await sandbox.setFault('user', { mode: 'down' });
    await expectFetchProblem(await create(alice), 'UPSTREAM_UNAVAILABLE');
    await sandbox.setFault('user', { mode: 'none' });
    await expect.poll(async () => (await create(alice)).status).toBe(201);
  });

  it('is done to the end when its client leaves, who can then ask what became of it', async () => {
    const alice = await clientOf(at);
    await sandbox.setFault('user', { mode: 'hang' });
    const before = created();
    const leave = new AbortController();
    const headers = {
      authorization: `Bearer ${alice.token}`,
      'content-type': 'application/json',
      'idempotency-key': key,
    };
    const url = gateways[at].url + USERS;
    const body = JSON.stringify(bodyOf(name));
    const first = fetch(url, { method: 'POST', headers, body, signal: leave.signal }).catch(() => 'left');
    await expect.poll(() => underWay(at)).toBe(1);
    leave.abort();
    expect(await first).toBe('left');
    await sandbox.setFault('user', { mode: 'none' });
    await expect.poll(async () => isReplay(await create(alice))).toBe(true);
    expect(created()).toBe(before + 1);
  });

  it.each([
    ['empty', ''],
    ['too long', 'k'.repeat(256)],
    ['with a space in it', 'a b'],
    ['beyond ASCII', 'schl\u00fcssel'],
  ])('is refused when the key is %s', async (_what, wrong) => {
    key = wrong;
    const body = await expectFetchProblem(await create(await clientOf(at)), 'INVALID_ARGUMENT');
    expect(String(body.detail)).toContain('Idempotency-Key');
  });

  it('is as any other when it reads, or when nobody is calling', async () => {
    const alice = await clientOf(at);
    for (let times = 0; times < 2; times++) {
      expect(isReplay(await alice.get(`${USERS}/acme-alice`, { 'idempotency-key': key }))).toBe(false);
      const login = await fetch(`${gateways[at].url}/api/v1/auth/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify({ identifier: 'alice@acme.test', password: 'wrong' }),
      });
      expect([login.status, isReplay(login)]).toEqual([401, false]);
    }
  });
});

describe('keys in Redis', () => {
  it('hold at every instance, for a day', async () => {
    const before = await redis.client.keys('idempotency:*');
    await create(await clientOf('first'));
    expect(isReplay(await create(await clientOf('second')))).toBe(true);
    const [added] = (await redis.client.keys('idempotency:*')).filter((each) => !before.includes(each));
    expect(added).not.toContain(key);
    expect(await redis.client.pttl(added ?? '')).toBeGreaterThan(86_000_000);
  });

  it('are of no use to whoever reads Redis', async () => {
    const before = await redis.client.keys('idempotency:*');
    await create(await clientOf('first'));
    const [added = ''] = (await redis.client.keys('idempotency:*')).filter((each) => !before.includes(each));
    const stored = String(await redis.client.get(added));
    expect(added + stored + Buffer.from(stored, 'base64').toString('latin1')).not.toMatch(
      new RegExp(`${name}|fingerprint|acme`),
    );
  });

  it('that are not records are taken anew by an instance that does not know better', async () => {
    const before = await redis.client.keys('idempotency:*');
    await create(await clientOf('first'));
    const [added] = (await redis.client.keys('idempotency:*')).filter((each) => !before.includes(each));
    await redis.client.set(added ?? '', '{"hello":1}');
    const alice = await clientOf('second');
    await expectFetchProblem(await create(alice), 'ALREADY_EXISTS');
    expect(isReplay(await create(alice))).toBe(true);
    expect((await create(await clientOf('first'))).status).toBe(201);
  });

  it('are known to the instance that was asked when Redis goes away meanwhile', async () => {
    const alice = await clientOf('first');
    await sandbox.setFault('user', { mode: 'hang' });
    const first = create(alice);
    await expect.poll(() => underWay('first')).toBe(1);
    await redis.kill();
    try {
      await sandbox.setFault('user', { mode: 'none' });
      expect((await first).status).toBe(201);
      expect(isReplay(await create(alice))).toBe(true);
    } finally {
      await redis.restart();
    }
  });

  it('are kept by each instance for itself while Redis is away', async () => {
    await redis.kill();
    try {
      const alice = await clientOf('first');
      expect((await create(alice)).status).toBe(201);
      expect(isReplay(await create(alice))).toBe(true);
    } finally {
      await redis.restart();
    }
  });
});

describe('keys in memory', () => {
  it('are forgotten after a day', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    await create(await clientOf('alone'));
    vi.setSystemTime(Date.now() + 86_400_000);
    await expectFetchProblem(await create(await clientOf('alone')), 'ALREADY_EXISTS');
  });
});
