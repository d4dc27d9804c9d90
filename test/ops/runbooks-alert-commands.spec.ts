import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Client } from '../support/client.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { RunbookShell, shellBlock } from '../support/runbook-shell.js';

const ENV = { GATEWAY_ADMIN_ADDR: '127.0.0.1:0' };

let gateway: TestGateway;
let shell: RunbookShell;

beforeAll(async () => {
  gateway = await startTestGateway({ env: ENV });
  const said = () => gateway.lines.find(({ msg }) => msg === 'admin_listening');
  await vi.waitUntil(said, 10_000);
  shell = new RunbookShell(gateway, {
    ADMIN_URL: `http://${String(said()?.['addr'])}`,
    JWT_JWKS_URL: gateway.world.gatewayEnv()['JWT_JWKS_URL'] ?? '',
  });
  const alice = await Client.of(gateway, 'alice@acme.test');
  await alice.get('/api/v1/users/acme-alice');
  await gateway.world.setFault('user', { mode: 'down' });
  await alice.get('/api/v1/users/acme-alice');
  const failed = () => gateway.lines.some(({ status }) => Number(status) >= 500);
  await vi.waitUntil(failed, 10_000);
}, 60_000);
afterAll(async () => {
  await gateway.close();
  shell.close();
});

/** A block of a page by a word in it, and what it prints after a request that succeeded and one that failed. */
const PRINTED: readonly (readonly [alert: string, word: string, printed: RegExp])[] = [
  ['GatewayHighMemory', '9464/metrics', /^process_resident_memory_bytes \d+/m],
  ['GatewayHeapNearLimit', 'pprof/heap', /heapLimit$[^]*not freed until its end/m],
  ['GatewayGcPressure', 'pprof/allocs', /perhaps freed since/],
  ['GatewayEventLoopBlocked', 'pprof/block', /delay|block/i],
  ['GatewayActiveResourcesGrowing', 'pprof/goroutine', /main|request/i],
  ['GatewayStuckDrain', 'pprof/goroutine', /main|request/i],
  ['GatewayScrapeTooBig', '9464/metrics', /^ *\d+ [a-z]\w+_bucket$/m],
  ['GatewayAuthLatencyHigh', 'auth_request_time_ms', /^[\d.]+ \/api\/v1\/users\/\{user_id\}$/m],
  ['GatewayAuthCacheHardEvict', 'healthz', /user-service/],
  ['GatewayJwksStale', 'healthz', /user-service/],
  ['GatewayJwksStale', 'JWT_JWKS_URL', /"keys":/],
  ['GatewayClockSkew', 'date', /UTC/],
  ['GatewayErrorBudgetBurn', 'error_code', /^ *\d+ "error_code":"UPSTREAM_UNAVAILABLE"$/m],
  ['GatewayElevatedErrorRate', 'tail -n 5', /"status":503/],
  ['GatewayLatencyAboveBaseline', 'tenant_id', /^ *\d+ "tenant_id":"acme"$/m],
  ['GatewayLoadShedding', 'tenant_id', /^ *\d+ "tenant_id":"acme"$/m],
];

describe('the pages of the alerts on process, authentication and objective', () => {
  it.each(PRINTED)('%s: the block with %s says what it promises', async (alert, word, printed) => {
    // A measurement of one second has the same form as one of ten.
    const block = shellBlock(`runbooks/alerts/${alert}.md`, word).replace('seconds=10', 'seconds=1');
    expect((await shell.runText(block)).join('\n')).toMatch(printed);
  });
});
