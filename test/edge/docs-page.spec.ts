import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../src/domain/errors.js';
import { CHROMIUM_TIMEOUT_MS, launchChromium } from '../support/chromium.js';
import { Client } from '../support/client.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';

const ARTIFACTS = join(import.meta.dirname, '../../test-artifacts');

let gateway: TestGateway;
let browser: Browser;
let page: Page;
/** Errors of the browser: scripts that threw, policy violations, files that could not be loaded. */
let complaints: string[];

beforeAll(async () => {
  mkdirSync(ARTIFACTS, { recursive: true });
  [gateway, browser] = await Promise.all([startTestGateway(), launchChromium()]);
}, CHROMIUM_TIMEOUT_MS);
afterAll(async () => {
  await browser?.close();
  await gateway?.close();
});

beforeEach(async () => {
  complaints = [];
  page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.addInitScript(`document.addEventListener('securitypolicyviolation', (event) =>
    console.error('policy violated: ' + event.violatedDirective + ' ' + event.blockedURI));`);
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('requestfailed', (request) => complaints.push(`${request.url()} failed`));
  page.on('request', (request) => {
    if (!request.url().startsWith(gateway.url) && !request.url().startsWith('data:'))
      complaints.push(`${request.url()} asked`);
  });
});
afterEach(() => page.close());

/** Expanded by its operationId, which Swagger UI makes the end of its id. */
function operation(operationId: string) {
  return page.locator(`[id$="-${operationId}"]`);
}

describe('the reference page in a browser', () => {
  beforeEach(async () => {
    await page.goto(`${gateway.url}/docs`);
    await page.locator('.opblock').first().waitFor();
  });

  it('shows every operation of the document and breaks no rule of its own policy', async () => {
    const document = (await (await fetch(`${gateway.url}/openapi.json`)).json()) as { paths: Record<string, object> };
    const operations = Object.values(document.paths).flatMap((item) => Object.keys(item));
    expect(await page.locator('.opblock').count()).toBe(operations.length);
    await page.screenshot({ path: join(ARTIFACTS, 'docs.png') });
    expect(complaints).toEqual([]);
  });

  it('shows parameters, bodies, schemas and examples of an operation', async () => {
    await operation('UserService_UpdateUser').locator('.opblock-summary-control').click();
    const opened = operation('UserService_UpdateUser').locator('.opblock-body');
    await opened.locator('.parameters-col_description').first().waitFor();
    await opened.locator('.body-param__example, .highlight-code').first().waitFor();
    const text = await opened.innerText();
    for (const part of ['userId', 'updateMask', 'displayName', 'application/problem+json'])
      expect(text).toContain(part);
    expect(text).not.toContain('passwordHash');
    await page.screenshot({ path: join(ARTIFACTS, 'docs-operation.png') });
    expect(complaints).toEqual([]);
  });

  it('calls the gateway with a token that was entered, and keeps it no longer than the page', async () => {
    const { token } = await Client.of(gateway, 'alice@acme.test');
    await page.getByRole('button', { name: 'Authorize' }).click();
    await page.locator('#auth-bearer-value').fill(token);
    await page.locator('form:has(#auth-bearer-value) button.authorize').click();
    await page.locator('.auth-btn-wrapper button.btn-done').first().click();
    expect(await tryOut('Gateway_GetMe')).toMatch(/^200[^]*"subject": "acme-alice"/);
    await page.screenshot({ path: join(ARTIFACTS, 'docs-call.png') });
    expect(await tryOut('UserService_ListUsers')).toMatch(/^200[^]*"users": \[/);
    expect(await page.evaluate('localStorage.length + sessionStorage.length + document.cookie.length')).toBe(0);
    expect(complaints).toEqual([]);
  });

  /** Calls an operation as the page proposes it, and gives what it shows of the answer. */
  async function tryOut(operationId: string): Promise<string> {
    const opened = operation(operationId);
    await opened.locator('.opblock-summary-control').click();
    await opened.getByRole('button', { name: 'Try it out' }).click();
    await opened.getByRole('button', { name: 'Execute' }).click();
    const answer = opened.locator('.live-responses-table .response').first();
    await answer.waitFor();
    await answer.scrollIntoViewIfNeeded();
    return answer.innerText();
  }
});

describe('what the browser is told to allow and to keep', () => {
  const headersOf = async (path: string) => {
    const response = await fetch(gateway.url + path);
    await response.arrayBuffer();
    return response.headers;
  };

  it('the reference page runs the scripts of this origin, and nothing inline', async () => {
    const policy = (await headersOf('/docs')).get('content-security-policy') ?? '';
    expect(policy.split('; ')).toEqual(expect.arrayContaining(["default-src 'none'", "script-src 'self'"]));
    expect(policy).not.toContain('unsafe');
  });

  it.each(['/openapi.json', '/docs/init.js', '/docs/swagger-ui.css', '/health', '/api/v1/users', '/nowhere'])(
    '%s allows nothing',
    async (path) => {
      expect((await headersOf(path)).get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'");
    },
  );

  it('files that are named by their content are kept for good, others asked about', async () => {
    const html = await (await fetch(`${gateway.url}/docs`)).text();
    const files = [...html.matchAll(/(?:src|href)="(\/docs\/[^"]*)"/g)].map((match) => match[1] ?? '');
    expect(files).toHaveLength(4);
    for (const file of files) {
      expect((await headersOf(file)).get('cache-control')).toBe('public, max-age=31536000, immutable');
      expect((await headersOf(file.replace(/\?.*/, '?v=other'))).get('cache-control')).toBe('no-cache');
    }
  });
});

describe('the pages without scripts', () => {
  it('the errors page has the anchor that each problem names as its type', async () => {
    await page.goto(`${gateway.url}/docs/errors`);
    const anchors = await page.evaluate('[...document.querySelectorAll("h2[id]")].map((heading) => heading.id)');
    expect(anchors).toEqual(Object.keys(ERROR_CODES));
    expect(await page.locator('script').count()).toBe(0);
    expect(await page.evaluate('getComputedStyle(document.body).maxWidth')).not.toBe('none');
    const problem = (await (await fetch(`${gateway.url}/nowhere`)).json()) as { type: string };
    await page.goto(gateway.url + problem.type);
    expect(await page.locator(':target').innerText()).toBe('ROUTE_NOT_FOUND');
    await page.screenshot({ path: join(ARTIFACTS, 'docs-errors.png') });
    expect(complaints).toEqual([]);
  });

  it('the home page names service and version and leads to what is there', async () => {
    await page.goto(gateway.url);
    expect(await page.locator('main').innerText()).toMatch(/api-gateway\s+Version \d+\.\d+\.\d+/);
    const links = await page.evaluate<string[]>('[...document.links].map((link) => link.href)');
    for (const link of links) expect((await fetch(link)).status).toBe(200);
    expect(links).toHaveLength(4);
    expect(complaints).toEqual([]);
  });
});
