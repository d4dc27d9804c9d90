import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adminActions, adminOrigin, callAdmin, sendToAdmin } from '../support/admin.js';
import { CHROMIUM_TIMEOUT_MS, launchChromium } from '../support/chromium.js';
import { Client } from '../support/client.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectFetchProblem } from '../support/problem.js';
import { until } from '../support/until.js';

const ARTIFACTS = join(import.meta.dirname, '../../test-artifacts');
const READ_TOKEN = 'a-token-of-onlookers-0123456789abcdef';

let gateway: TestGateway;
let browser: Browser;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  mkdirSync(ARTIFACTS, { recursive: true });
  const env = {
    GATEWAY_ADMIN_ADDR: '127.0.0.1:0',
    GATEWAY_ADMIN_AUTH_TOKEN: 'a-token-of-operators-0123456789abcdef',
    GATEWAY_ADMIN_READ_TOKEN: READ_TOKEN,
    GATEWAY_RUNBOOKS_URL: 'https://wiki.test/runbooks/',
    GATEWAY_CIRCUIT_PRESET: 'strict',
    GATEWAY_CIRCUIT_OPEN: '60s',
    GATEWAY_CIRCUIT_MAX_OPEN: '60s',
    RATE_LIMIT_RPS: '1',
    RATE_LIMIT_BURST: '60',
  };
  [gateway, browser] = await Promise.all([startTestGateway({ env }), launchChromium()]);
  await makeTraffic();
}, CHROMIUM_TIMEOUT_MS);
afterAll(async () => {
  await browser?.close();
  await gateway?.close();
});

/** Some of everything: answers, denials, a circuit that opened. */
async function makeTraffic(): Promise<void> {
  const [alice, carol] = await Promise.all([
    Client.of(gateway, 'alice@acme.test'),
    Client.of(gateway, 'carol@globex.test'),
  ]);
  for (let n = 0; n < 70; n++) await alice.get('/api/v1/tenants/acme');
  for (let n = 0; n < 2; n++) await carol.get('/api/v1/users/globex-carol');
  await gateway.sandbox.setFault('user', { mode: 'down' });
  const isOpen = async () => (await (await carol.get('/api/v1/users/globex-carol')).text()).includes('CIRCUIT_OPEN');
  await until(isOpen, { interval: 1 });
  for (let n = 0; n < 40; n++) await carol.get('/api/v1/users/globex-carol');
  await gateway.sandbox.setFault('user', { mode: 'none' });
}

async function open(
  viewport: { width: number; height: number },
  colorScheme: 'light' | 'dark' = 'light',
): Promise<void> {
  const httpCredentials = { username: 'op', password: READ_TOKEN };
  page = await browser.newPage({ viewport, httpCredentials, colorScheme });
  await page.addInitScript(`document.addEventListener('securitypolicyviolation', (event) =>
    console.error('policy violated: ' + event.violatedDirective + ' ' + event.blockedURI));`);
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(`${adminOrigin(gateway)}/admin/`);
  await page.locator('#upstreams table').waitFor();
}

beforeEach(() => {
  complaints = [];
});
afterEach(() => page?.close());

const text = (selector: string) => page.locator(selector).innerText();

describe('the live page in a browser', () => {
  it.each([
    ['a screen', 1280, 900, 'light'],
    ['a telephone in the dark', 390, 844, 'dark'],
  ] as const)(
    'shows the state of the instance on %s, within its width and its policy',
    async (_what, width, height, scheme) => {
      await gateway.sandbox.setFault('tenant', { mode: 'hang' });
      const carol = await Client.of(gateway, 'carol@globex.test');
      const hanging = [1, 2, 3].map(() => carol.get('/api/v1/tenants/globex'));
      await open({ width, height }, scheme);
      expect(await text('#state')).toBe('serving');
      expect(await text('#upstreams')).toMatch(/user[^]*ready[^]*last failure/);
      expect(await text('#errors')).toContain('CIRCUIT_OPEN');
      expect(await text('#routes')).toContain('GET /api/v1/users/{user_id}');
      expect(await text('#tenants')).toMatch(/acme\s+1?\d\d ?%/);
      expect(await text('#circuits')).toMatch(/user read open/);
      expect(await text('#inflight')).toMatch(/upstream[^]*tenant/);
      await gateway.sandbox.setFault('tenant', { mode: 'none' });
      await page.screenshot({ path: join(ARTIFACTS, `admin-${width}.png`), fullPage: true });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      await Promise.all(hanging);
      expect(complaints).toEqual([]);
    },
  );

  it('links each error to its decision and to its runbook', async () => {
    await open({ width: 1280, height: 900 });
    const row = page.locator('#errors tbody tr', { hasText: 'CIRCUIT_OPEN' }).first();
    const links = await row.locator('a').evaluateAll((all) => all.map((link) => link.getAttribute('href')));
    expect(links[0]).toMatch(/^\/admin\/requests\/[\w-]+$/);
    expect(links[1]).toBe('https://wiki.test/runbooks/alerts/GatewayCircuitOpen.md');
  });

  it('changes by itself', async () => {
    await open({ width: 1280, height: 900 });
    expect(await text('#upstreams')).not.toContain('open (by hand)');
    const authorization = 'Bearer a-token-of-operators-0123456789abcdef';
    await callAdmin(gateway, 'POST', '/admin/circuits/ai/open', { authorization });
    await page.locator('#upstreams', { hasText: 'read open (by hand)' }).waitFor();
    await callAdmin(gateway, 'POST', '/admin/circuits/ai/reset', { authorization });
  });
});

describe('the events of the page', () => {
  const headers = { authorization: `Bearer ${READ_TOKEN}` };

  it('are refused beyond six pages, and are one line for each page', async () => {
    const url = `${adminOrigin(gateway)}/admin/events`;
    const opened = (signal: AbortSignal, count: number) =>
      Promise.all(Array.from({ length: count }, () => fetch(url, { headers, signal })));
    let abort = new AbortController();
    // The browser may not have closed the pages of the tests before yet.
    const statuses = async () => {
      abort.abort();
      abort = new AbortController();
      return (await opened(abort.signal, 6)).map(({ status }) => status);
    };
    await expect.poll(statuses, { interval: 200 }).toEqual([200, 200, 200, 200, 200, 200]);
    const refused = await fetch(url, { headers });
    await expectFetchProblem(refused, 'OVERLOADED');
    const line = () =>
      adminActions(gateway.lines).find((each) => each.request_id === refused.headers.get('x-request-id'));
    await expect.poll(line).toMatchObject({ path: '/admin/events', status: 503, outcome: 'failed' });
    abort.abort();
    await expect.poll(statuses, { interval: 200 }).toContain(200);
    abort.abort();
  });

  it('have no data for a page of another site', async () => {
    for (const path of ['/admin/', '/admin/events']) {
      const crossSite = { ...headers, 'sec-fetch-site': 'cross-site' };
      await expectFetchProblem(await callAdmin(gateway, 'GET', path, crossSite), 'PERMISSION_DENIED');
    }
  });

  it('asks a browser for the token in the way that browsers know', async () => {
    const head = 'GET /admin/ HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate';
    const { status, headers: said } = await sendToAdmin(gateway, head);
    expect([status, said['www-authenticate']]).toEqual([401, 'Basic realm="gateway-admin", charset="UTF-8"']);
  });
});
