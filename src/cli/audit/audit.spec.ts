import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Environment } from '../../config/variables.js';
import { run } from '../program.js';
import type { Finding } from './finding.js';

const MANIFESTS = fileURLToPath(new URL('../../../k8s', import.meta.url));
const SANDBOX_ENV = fileURLToPath(new URL('../../../sandbox/sandbox.env', import.meta.url));
const BASE: Environment = {
  AUTH_SERVICE_URL: 'localhost:1',
  USER_SERVICE_URL: 'localhost:2',
  TENANT_SERVICE_URL: 'localhost:3',
  JWT_JWKS_URL: 'https://issuer.test/jwks.json',
  JWT_ISSUER: 'https://issuer.test',
  GATEWAY_ADMIN_AUTH_TOKEN: 'a'.repeat(32),
  GATEWAY_REPLICAS: '3',
  NODE_ENV: 'production',
};

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'gateway-audit-'));
});

afterAll(() => rmSync(directory, { recursive: true }));

async function gateway(args: readonly string[], env: Environment = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const exitCode = await run(args, { out: (line) => out.push(line), err: (line) => err.push(line) }, env);
  return { exitCode, out: out.join('\n'), err: err.join('\n') };
}

async function findingsOf(args: readonly string[], env: Environment = {}): Promise<Finding[]> {
  const { out } = await gateway(['audit', '--json', ...args], env);
  return (JSON.parse(out) as { findings: Finding[] }).findings;
}

/** Ids that some settings add to those of sound ones. */
async function addedBy(changes: Environment): Promise<string[]> {
  const known = new Set((await findingsOf([], BASE)).map(({ id, where }) => `${id} ${where}`));
  const found = await findingsOf([], { ...BASE, ...changes });
  return found.filter(({ id, where }) => !known.has(`${id} ${where}`)).map(({ id, severity }) => `${severity} ${id}`);
}

describe('gateway audit of settings', () => {
  test.each<[string, Environment, string]>([
    ['calls over the internet in plaintext', { USER_SERVICE_URL: 'user.example.com:443' }, 'high upstream-plaintext'],
    [
      'calls in a cluster in plaintext',
      { USER_SERVICE_URL: 'user.prod.svc.cluster.local:1' },
      'medium upstream-plaintext',
    ],
    ['debug lines in production', { LOG_LEVEL: 'debug' }, 'medium debug-in-production'],
    [
      'an issuer that may speak for every tenant',
      { GATEWAY_JWT_ISSUERS: 'https://other.test=https://other.test/jwks.json' },
      'medium token-issuer-any-tenant',
    ],
    ['tokens that do not say what they are', { GATEWAY_JWT_TYPES: 'at+jwt JWT' }, 'low token-type-unmarked'],
    ['an issuer that is not checked', { JWT_ISSUER: '' }, 'high token-issuer-unchecked'],
    ['proxies that are half of the internet', { GATEWAY_TRUSTED_PROXIES: '128.0.0.0/1' }, 'high proxies-everyone'],
    ['an admin listener without a token', { GATEWAY_ADMIN_AUTH_TOKEN: '' }, 'low admin-no-token'],
    [
      'an admin listener for all without a token',
      { GATEWAY_ADMIN_AUTH_TOKEN: '', GATEWAY_ADMIN_ADDR: '0.0.0.0:6060' },
      'critical settings-invalid',
    ],
    ['CORS for every origin', { GATEWAY_CORS_ORIGINS: '*' }, 'critical settings-invalid'],
    ['limits that are not enforced', { GATEWAY_RATE_LIMIT_DRY_RUN: 'true' }, 'high rate-limit-dry-run'],
    ['no metrics', { ENABLE_METRICS: 'false' }, 'medium metrics-off'],
    ['details of authorization', { GATEWAY_EXPOSE_AUTHZ_DETAIL: 'true' }, 'low authorization-detail'],
    ['a Redis without a password', { REDIS_URL: 'redis://redis.prod:6379' }, 'high redis-no-password'],
    ['Redis in plaintext', { REDIS_URL: 'redis://:secret-password@redis.prod:6379' }, 'medium redis-plaintext'],
    ['clocks that differ by minutes', { GATEWAY_JWT_CLOCK_TOLERANCE: '5m' }, 'medium token-tolerance-long'],
  ])('finds %s', async (_, changes, finding) => {
    expect(await addedBy(changes)).toContain(finding);
  });

  test('says where, why and how to mend it, the worst first, and counts', async () => {
    const { out, exitCode } = await gateway(['audit'], { ...BASE, LOG_LEVEL: 'debug', JWT_ISSUER: '' });
    const lines = out.split('\n');
    expect(lines[0]).toMatch(
      /^high +token-issuer-unchecked +JWT_ISSUER +tokens of any issuer .* are accepted; set it to the iss/,
    );
    expect(lines.at(-1)).toMatch(/^0 critical, 1 high, \d+ medium, \d+ low$/);
    expect(exitCode).toBe(0);
  });

  test('fails from the severity on that it is told, unless a finding is accepted', async () => {
    const env = { ...BASE, JWT_ISSUER: '' };
    expect((await gateway(['audit', '--fail-on', 'high'], env)).exitCode).toBe(1);
    expect((await gateway(['audit', '--fail-on', 'critical'], env)).exitCode).toBe(0);
    expect((await gateway(['audit', '--fail-on', 'high', '--ignore', 'token-issuer-unchecked'], env)).exitCode).toBe(0);
  });
});

test('gateway audit of the contract names RPCs that look at no tenant, and open ones without a rate', async () => {
  const found = await findingsOf([], BASE);
  const ids = found.map(({ id, where }) => `${id} ${where}`);
  expect(ids).toContain('rpc-without-tenant-check ai.v1.AIService.ProcessQuery');
  expect(ids).toContain('open-rpc-without-rate auth.v1.AuthService.GetLoginConfig');
  expect(ids.join('\n')).not.toContain('UserService.GetUser');
  expect(ids.join('\n')).not.toContain('AuthService.Login\n');
});

const CONTAINER = { name: 'api-gateway', image: 'registry/api-gateway:1', env: [] as object[] };

function manifest(container: object, pod: object = {}): string {
  const path = mkdtempSync(join(directory, 'k8s-'));
  mkdirSync(path, { recursive: true });
  const spec = { template: { spec: { containers: [{ ...CONTAINER, ...container }], ...pod } } };
  writeFileSync(join(path, 'a.yaml'), JSON.stringify({ kind: 'Deployment', metadata: { name: 'gateway' }, spec }));
  return path;
}

describe('gateway audit of manifests', () => {
  test('has nothing of high severity to say of those of the gateway', async () => {
    const { exitCode, out } = await gateway(['audit', '--manifests', MANIFESTS, '--fail-on', 'high']);
    expect(out).toMatch(/^0 critical, 0 high, /m);
    expect(exitCode).toBe(0);
  });

  test.each<[string, object, object, string]>([
    ['no memory limit', {}, {}, 'high no-memory-limit'],
    ['a process of root', {}, {}, 'high runs-as-root'],
    ['no readiness probe', {}, {}, 'high no-readiness-probe'],
    ['an image without a version', { image: 'registry/api-gateway' }, {}, 'medium image-latest'],
    ['service links', {}, { enableServiceLinks: true }, 'medium service-links'],
    [
      'a secret in plain sight',
      { env: [{ name: 'JWT_SECRET', value: 'x'.repeat(40) }] },
      {},
      'critical secret-in-manifest',
    ],
    [
      'a heap above the memory limit',
      {
        env: [{ name: 'NODE_OPTIONS', value: '--max-old-space-size=1024' }],
        resources: { limits: { memory: '1Gi' } },
      },
      {},
      'high heap-above-memory',
    ],
    ['settings that refuse to start', {}, {}, 'critical settings-invalid'],
  ])('finds %s', async (_, container, pod, finding) => {
    const found = await findingsOf(['--manifests', manifest(container, pod)]);
    expect(found.map(({ id, severity }) => `${severity} ${id}`)).toContain(finding);
  });

  test('reports YAML that cannot be read, and refuses a directory that is not there', async () => {
    const path = manifest({});
    writeFileSync(join(path, 'b.yaml'), 'a: [1\nb: }');
    const found = await findingsOf(['--manifests', path]);
    expect(found.map(({ id }) => id)).toContain('manifest-unreadable');
    expect(await gateway(['audit', '--manifests', '/nowhere'])).toMatchObject({
      exitCode: 78,
      err: expect.stringContaining('the manifests cannot be read: ENOENT') as string,
    });
  });
});

test('gateway audit has nothing of high severity to say of the sandbox', async () => {
  expect((await gateway(['audit', '--env', SANDBOX_ENV, '--fail-on', 'high'])).exitCode).toBe(0);
});
