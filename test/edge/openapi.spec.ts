import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Contract } from '../../src/contract/contract.js';
import { DrainState } from '../../src/domain/drain-state.js';
import { HealthMonitor } from '../../src/ops/health-monitor.js';
import { DocumentedApi } from '../support/documented-api.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { OpenApiReader } from '../support/openapi.js';
import { expectFetchProblem } from '../support/problem.js';
import { sendRaw } from '../support/raw-http.js';
import { driveWholeApi } from './whole-api.js';

const HEALTH_PATHS = ['/livez', '/readyz', '/health', '/healthz'];
const UPSTREAMS = ['auth', 'user', 'tenant', 'ai'] as const;

describe('the document of a running gateway', () => {
  let gateway: TestGateway;
  let api: DocumentedApi;

  beforeAll(async () => {
    gateway = await startTestGateway();
    api = await DocumentedApi.of(gateway.url);
    await driveWholeApi(api, gateway);
    await driveWithoutBackends();
    await driveMalformedHealth();
  });
  afterAll(() => gateway?.close());

  /** The same operations while nothing behind the gateway answers. */
  async function driveWithoutBackends(): Promise<void> {
    const token = await gateway.sandbox.issueToken('root@platform.test');
    for (const upstream of UPSTREAMS) await gateway.sandbox.setFault(upstream, { mode: 'down' });
    await gateway.gateway.app.get(HealthMonitor).check();
    for (const path of ['/health', '/healthz']) await api.call('GET', path, { expect: 503 });
    await api.call('GET', '/api/v1/me', { token, expect: 200 });
    await api.call('GET', '/api/v1/users', { token, expect: 503 });
    await api.call('POST', '/api/v1/ai:stream', { token, body: { query: 'x' }, expect: 503 });
    for (const upstream of UPSTREAMS) await gateway.sandbox.setFault(upstream, { mode: 'none' });
    gateway.gateway.app.get(DrainState).begin(performance.now());
    await api.call('GET', '/readyz', { expect: 503 });
  }

  /** Nothing else is refused on a path that takes no input. */
  async function driveMalformedHealth(): Promise<void> {
    for (const path of HEALTH_PATHS) {
      const [answer] = await sendRaw(gateway.url, `GET ${path} HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n`);
      if (answer === undefined) throw new Error('no answer');
      api.check('GET', path, { ...answer, contentType: answer.headers['content-type'] ?? '' });
    }
  }

  it('says of every answer what it is: status, media type and each member', () => {
    expect(api.mismatches).toEqual([]);
  });

  it('has no operation that has not been seen to succeed and to fail', () => {
    expect(api.unseen((status) => status < 300)).toEqual([]);
    expect(api.unseen((status) => status >= 400)).toEqual([]);
  });

  it('knows every route of the contract, and those of the gateway itself', () => {
    const { routes } = gateway.gateway.app.get(Contract);
    const own = api.reader.operations.filter(({ operation }) => operation.operationId.startsWith('Gateway_'));
    expect(own.map(({ path }) => path).toSorted()).toEqual(['/api/v1/me', ...HEALTH_PATHS].toSorted());
    expect(api.reader.operations).toHaveLength(routes.length + own.length);
  });

  it('refers only to what is there', () => {
    const references = [...api.reader.objects()].flatMap(({ $ref }) => (typeof $ref === 'string' ? [$ref] : []));
    expect(references.filter((reference) => api.reader.resolve(reference) === undefined)).toEqual([]);
  });

  it('neither shows nor describes what a policy keeps inside', async () => {
    const { routes } = gateway.gateway.app.get(Contract);
    const redacted = new Set(
      routes.flatMap(({ route }) => route.method.policy.redact.map((path) => path.split('.').at(-1))),
    );
    expect([...redacted]).toEqual(['password_hash']);
    const hashes = [...gateway.sandbox.directory.users.values()].map((user) => user.passwordHash);
    expect(hashes.every((hash) => hash.length > 10)).toBe(true);
    for (const body of [...api.bodies, await (await fetch(`${gateway.url}/openapi.json`)).text()]) {
      expect(body.toLowerCase().replaceAll('_', '')).not.toContain('passwordhash":');
      expect(hashes.filter((hash) => body.includes(hash))).toEqual([]);
    }
  });

  it('is open, and sent once to a client that keeps it', async () => {
    const first = await fetch(`${gateway.url}/openapi.json`);
    const text = await first.text();
    expect(first.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(first.headers.get('cache-control')).toBe('no-cache');
    const etag = first.headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[\w-]{22}"$/);
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await fetch(`${gateway.url}/openapi.json`, { headers: { 'if-none-match': tag } });
      expect([again.status, again.headers.get('etag'), await again.text()]).toEqual([304, etag, '']);
    }
    const changed = await fetch(`${gateway.url}/openapi.json`, { headers: { 'if-none-match': '"other"' } });
    expect([changed.status, await changed.text()]).toEqual([200, text]);
  });
});

describe('a gateway without an AI service', () => {
  it('documents no AI operation', async () => {
    const gateway = await startTestGateway({ env: { AI_SERVICE_URL: '' } });
    try {
      const { operations } = new OpenApiReader((await (await fetch(`${gateway.url}/openapi.json`)).json()) as object);
      expect(operations.filter(({ path }) => path.includes('/ai'))).toEqual([]);
      expect(operations.length).toBeGreaterThan(20);
    } finally {
      await gateway.close();
    }
  });
});

describe('a gateway with a descriptor set of somebody else', () => {
  it('documents its services beside its own, in their own words', async () => {
    const descriptors = fileURLToPath(new URL('../gen/descriptors.binpb', import.meta.url));
    const env = { GATEWAY_DESCRIPTORS: descriptors, SHAPES_SERVICE_URL: '127.0.0.1:1' };
    const gateway = await startTestGateway({ env });
    try {
      const api = await DocumentedApi.of(gateway.url);
      expect(api.reader.operation('ShapeService_ListShapes')).toMatchObject({ summary: 'Lists shapes' });
      expect(api.reader.operation('UserService_ListUsers')).toBeDefined();
      await api.call('GET', '/shapes/v1/files/a:download', { expect: 503 });
      expect(api.mismatches).toEqual([]);
    } finally {
      await gateway.close();
    }
  });
});

describe('a gateway with GATEWAY_DOCS=false', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ env: { GATEWAY_DOCS: 'false' } });
  });
  afterAll(() => gateway?.close());

  it.each(['/docs', '/docs/', '/docs/init.js', '/docs/swagger-ui-bundle.js', '/openapi.json'])(
    'has no %s',
    async (path) => {
      const problem = await expectFetchProblem(await fetch(gateway.url + path), 'ROUTE_NOT_FOUND');
      expect(problem.instance).toBe(path);
    },
  );

  it('still explains its errors, and leads only to what is there', async () => {
    expect(await (await fetch(`${gateway.url}/docs/errors`)).text()).toContain('id="NOT_FOUND"');
    const home = await (await fetch(gateway.url)).text();
    expect([...home.matchAll(/href="(\/[^"]*)"/g)].map((match) => match[1])).toEqual(['/docs/errors', '/health']);
  });
});
