import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Client } from '../support/client.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { metric } from '../support/metrics.js';
import { shelfDirectory } from '../support/outbox-bench.js';
import { TestRedis } from '../support/redis.js';
import { RunbookShell, shellBlocks } from '../support/runbook-shell.js';
import { findFiles, ROOT } from './project-files.js';

const RECIPE = 'runbooks/recipes/usage-outbox.md';
const page = (alert: string) => `runbooks/alerts/${alert}.md`;
const QUICK = { GATEWAY_BUDGET_DEBIT_FLUSH_INTERVAL: '20ms', GATEWAY_BUDGET_DEBIT_MAX_BACKOFF: '100ms' };
/** Three failures open a circuit, for as long as a test takes. */
const STRICT = { GATEWAY_CIRCUIT_PRESET: 'strict', GATEWAY_CIRCUIT_OPEN: '60s' };

let gateway: TestGateway;

async function start(env: Readonly<Record<string, string>> = {}): Promise<RunbookShell> {
  gateway = await startTestGateway({ env: { ...QUICK, ...env } });
  const shell = new RunbookShell(gateway, {
    ...(env['REDIS_URL'] === undefined ? {} : { REDIS_URL: env['REDIS_URL'] }),
    SHELF: env['GATEWAY_BUDGET_DEBIT_SHELF_DIR'] ?? '',
    GATEWAY_GRPC_TLS_CERT_FILE: join(ROOT, 'test/support/tls/client.pem'),
  });
  onTestFinished(async () => {
    await gateway.close();
    shell.close();
  });
  return shell;
}

/** AI calls, each of which is a usage event of the tenant. */
async function use(count: number, tenant = 'acme'): Promise<void> {
  const client = new Client(gateway.url, await gateway.world.issueToken('alice@acme.test', { tenant_id: tenant }));
  for (let n = 0; n < count; n++) {
    expect((await client.send('POST', '/api/v1/ai', { query: 'hello' })).status).toBe(200);
  }
}

const outbox = (name: string) => metric(gateway.url, `gateway_budget_debit_outbox_${name}`);
const stamp = String.raw`\d{4}-\d\d-\d\dT[\d:.]+Z`;

describe('the commands of the runbooks', () => {
  it.each(findFiles('runbooks/**/*.md'))('%s has only such that a shell can read', async (path) => {
    for (const block of shellBlocks(path)) {
      const { stderr } = await promisify(execFile)('bash', ['-n', '-c', block]);
      expect(stderr).toBe('');
    }
  });
});

describe('the recipe of the usage outbox', () => {
  it('shows how full a quiet outbox is', async () => {
    const directory = shelfDirectory();
    const shell = await start({ GATEWAY_BUDGET_DEBIT_SHELF_DIR: directory });
    expect(await shell.run(RECIPE, '(depth|capacity)')).toEqual([
      'gateway_budget_debit_outbox_depth 0',
      'gateway_budget_debit_outbox_capacity 10000',
    ]);
    expect(await shell.run(RECIPE, '_shelf_')).toEqual([
      'gateway_budget_debit_outbox_shelf_bytes 0',
      'gateway_budget_debit_outbox_shelf_capacity_bytes 67108864',
    ]);
  });

  it('shows events that wait, and why, while TenantService is away', async () => {
    const shell = await start();
    await gateway.world.setFault('tenant', { mode: 'down' });
    await use(3);
    await expect.poll(() => outbox('flush_failures_total')).toBeGreaterThan(0);
    expect(await shell.run(RECIPE, '(depth|capacity)')).toContain('gateway_budget_debit_outbox_depth 3');
    expect((await shell.run(RECIPE, 'outbox_flush_failed')).length).toBeGreaterThan(0);
    const reasons = await shell.run(page('GatewayBudgetDebitFlushFailing'), 'outbox_flush_failed');
    expect(reasons.join()).toMatch(/ \d+ "reason":"UNAVAILABLE"/);
  });

  it('shows events that TenantService refused, by tenant and reason', async () => {
    const shell = await start();
    await use(2, 'archived');
    await expect.poll(() => outbox('4xx_drops_total')).toBe(2);
    expect(await shell.run(RECIPE, 'outbox_rejected')).toHaveLength(2);
    const counted = await shell.run(page('GatewayBudgetDebitRejected'), 'outbox_rejected');
    expect(counted.map((line) => line.trim())).toEqual(['2 NOT_FOUND archived']);
  });

  it('shows how many events were lost for want of room, and in which time', async () => {
    const shell = await start({ GATEWAY_BUDGET_DEBIT_CAPACITY: '3' });
    await gateway.world.setFault('tenant', { mode: 'down' });
    await use(5);
    const evicted = () => gateway.lines.some(({ msg }) => msg === 'outbox_evicted');
    await expect.poll(evicted, { timeout: 10_000 }).toBe(true);
    expect((await shell.run(RECIPE, 'outbox_evicted')).length).toBeGreaterThan(0);
    const [window] = await shell.run(page('GatewayBudgetDebitDropped'), 'outbox_evicted');
    expect(window).toMatch(new RegExp(`^[12] events from ${stamp} to ${stamp}$`));
  });
});

describe('the pages of the alerts', () => {
  it('copy what waits on a shelf', async () => {
    const directory = shelfDirectory();
    const shell = await start({ GATEWAY_BUDGET_DEBIT_SHELF_DIR: directory });
    await gateway.world.setFault('tenant', { mode: 'down' });
    await use(2);
    const printed = await shell.run(page('GatewayBudgetDebitOutboxFilling'), '*.usage');
    expect(printed[0]).toBe('2 usage-events.jsonl');
    const events = shell.read('usage-events.jsonl').map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events).toMatchObject([
      { tenantId: 'acme', meter: 'ai.query' },
      { tenantId: 'acme', meter: 'ai.query' },
    ]);
  });

  it('name the certificate that stands for the gateway', async () => {
    const shell = await start();
    const printed = (await shell.run(page('GatewayBudgetDebitRejected'), 'X509Certificate')).join('\n');
    expect(printed).toMatch(/subject: '.+'/);
    expect(printed).toMatch(/validTo: '.+'/);
  });

  it('find a circuit that opened, and the connections that failed before', async () => {
    const shell = await start(STRICT);
    const alice = await Client.of(gateway, 'alice@acme.test');
    await gateway.world.setFault('user', { mode: 'down' });
    for (let n = 0; n < 4; n++) await alice.get('/api/v1/users/acme-alice');
    const seen = await shell.run(page('GatewayCircuitOpen'), 'circuit_');
    expect(seen.map((line) => line.trim())).toEqual(['1 circuit_opened upstream=user calls=read']);
    expect(await shell.run(page('GatewayCircuitStuckOpen'), 'circuit_')).toEqual(seen);
    const causes = (await shell.run(page('GatewayUpstreamConnectionFailures'), 'error_cause')).join('\n');
    expect(causes).toContain('"upstream":"user"');
    expect(causes).toMatch(/connection refused|ECONNREFUSED/);
  });

  it('find who was denied by a limit', async () => {
    const shell = await start({ RATE_LIMIT_RPS: '1', RATE_LIMIT_BURST: '1' });
    const alice = await Client.of(gateway, 'alice@acme.test');
    const lines = () => gateway.lines.filter((line) => line['ratelimit_outcome'] === 'denied').length;
    const knock = async () => {
      await alice.get('/api/v1/users/acme-alice');
      return lines();
    };
    await expect.poll(knock, { timeout: 10_000 }).toBeGreaterThan(1);
    const denied = await shell.run(page('GatewayRateLimitDenialSpike'), 'ratelimit_outcome');
    expect(denied).toEqual([expect.stringMatching(/^ *\d+ tenant acme 127\.0\.0\.1 \/api\/v1\/users\/\{user_id\}$/)]);
    const addresses = await shell.run(page('GatewayRateLimiterGrowth'), 'remote_addr');
    expect(addresses).toHaveLength(1);
  });

  it('find what is impaired, and why', async () => {
    const shell = await start({ GATEWAY_HEALTH_INTERVAL: '100ms' });
    await gateway.world.setFault('user', { mode: 'down' });
    await expect.poll(() => metric(gateway.url, 'gateway_degraded', { component: 'user' })).toBe(1);
    const lines = (await shell.run(page('GatewayDegraded'), 'component=')).join('\n');
    expect(lines).toContain('degraded component=user');
    expect((await shell.run(page('GatewayDegraded'), '/healthz')).join('')).toContain('user-service');
  });
});

describe('the command line in a pod', () => {
  it('lists the deadlines of the routes', async () => {
    const shell = await start();
    const routes = await shell.run(page('GatewayCircuitStuckOpen'), 'gateway routes');
    expect(routes.join('\n')).toMatch(/POST +\/api\/v1\/ai +ai\.v1\.AIService\.ProcessQuery .* 25s/);
  });

  it('clears the cache in Redis', async () => {
    const redis = await TestRedis.start();
    onTestFinished(() => redis.close());
    await redis.client.set('cache:one', 'response');
    const shell = await start({ REDIS_URL: redis.url });
    const printed = await shell.run('runbooks/sop/clear-cache.md', 'gateway cache clear');
    expect(printed).toEqual(['removed 1 keys of cache:*']);
  });
});
