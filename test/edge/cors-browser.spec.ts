import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM_TIMEOUT_MS, launchChromium } from '../support/chromium.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';

let browser: Browser;
let gateway: TestGateway;
const sites: Server[] = [];

beforeAll(async () => {
  const app = await startSite();
  [gateway, browser] = await Promise.all([
    startTestGateway({ env: { GATEWAY_CORS_ORIGINS: originOf(app) } }),
    launchChromium(),
  ]);
}, CHROMIUM_TIMEOUT_MS);
afterAll(async () => {
  await browser?.close();
  await gateway?.close();
  for (const site of sites) site.close();
});

/** A site of its own: one empty page on an origin that is not the gateway's. */
async function startSite(): Promise<Server> {
  const site = createServer((_request, response) => response.setHeader('content-type', 'text/html').end());
  sites.push(site.listen(0, '127.0.0.1'));
  await once(site, 'listening');
  return site;
}

function originOf(site: Server): string {
  return `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
}

/** Sends a request that needs a preflight from a page of a site. Returns what the page sees. */
async function fetchFrom(site: Server, method: string, path: string, token: string): Promise<unknown> {
  const page = await browser.newPage();
  await page.goto(originOf(site));
  try {
    return await page.evaluate(
      async ([url, verb, bearer]) => {
        const headers = { authorization: bearer, 'x-request-id': 'from-a-page' };
        const response = await fetch(url, { method: verb, headers }).catch((error: Error) => error.message);
        if (typeof response === 'string') return response;
        const { code } = (await response.json()) as { code?: string };
        return { status: response.status, code, id: response.headers.get('x-request-id') };
      },
      [gateway.url + path, method, `Bearer ${token}`] as const,
    );
  } finally {
    await page.close();
  }
}

describe('in a browser, the page of', () => {
  it('an allowed origin reads answers and problems alike', async () => {
    const app = sites[0]!;
    const token = await gateway.sandbox.issueToken('alice@acme.test');
    const id = 'from-a-page';
    expect(await fetchFrom(app, 'GET', '/api/v1/me', token)).toEqual({ status: 200, code: undefined, id });
    expect(await fetchFrom(app, 'DELETE', '/api/v1/users/nobody', token)).toMatchObject({ status: 404, id });
    expect(await fetchFrom(app, 'GET', '/api/v1/users', 'x')).toEqual({ status: 401, code: 'UNAUTHENTICATED', id });
    expect(await fetchFrom(app, 'GET', '/nothing', token)).toEqual({ status: 404, code: 'ROUTE_NOT_FOUND', id });
  });

  it('a foreign origin reads nothing', async () => {
    const token = await gateway.sandbox.issueToken('alice@acme.test');
    expect(await fetchFrom(await startSite(), 'GET', '/api/v1/me', token)).toBe('Failed to fetch');
  });
});
