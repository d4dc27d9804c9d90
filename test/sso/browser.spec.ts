import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CHROMIUM_TIMEOUT_MS, launchChromium } from '../support/chromium.js';
import { startSsoGateway, type SsoGateway } from '../support/sso.js';

const ARTIFACTS = join(import.meta.dirname, '../../test-artifacts');

let gateway: SsoGateway;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  mkdirSync(ARTIFACTS, { recursive: true });
  [gateway, browser] = await Promise.all([startSsoGateway(), launchChromium()]);
}, CHROMIUM_TIMEOUT_MS);
afterAll(async () => {
  await browser?.close();
  await gateway?.close();
});

beforeEach(async () => {
  complaints = [];
  context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  page = await context.newPage();
  page.on('console', (message) => {
    // The page asks whether somebody is signed in, and a 401 is how it learns that nobody is.
    const isExpected = message.location().url.endsWith('/auth/session');
    if (['error', 'warning'].includes(message.type()) && !isExpected) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
});
afterEach(() => context.close());

async function signIn(email = 'alice@acme.test'): Promise<void> {
  await page.getByRole('link', { name: 'Sign in with sandbox' }).click();
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password').fill('sandbox');
  await page.screenshot({ path: join(ARTIFACTS, 'sso-provider.png') });
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
}

describe('the front page in a browser', () => {
  it('signs in, lists users, streams an answer, signs out, and shows nothing on the way back', async () => {
    await page.goto(gateway.publicUrl);
    await page.screenshot({ path: join(ARTIFACTS, 'sso-signed-out.png') });
    await signIn();
    expect(await page.locator('#session').innerText()).toMatch(/User\s+acme-alice\s+Tenant\s+acme/);

    await page.getByRole('button', { name: 'List users' }).click();
    await page.getByRole('cell', { name: 'ada.adler@acme.test' }).waitFor();
    expect(await page.getByRole('row').count()).toBe(11);

    await page.getByLabel('Question').fill('Which teams are there?');
    await page.getByRole('button', { name: 'Ask' }).click();
    await expect.poll(() => page.locator('#answer').innerText()).toContain('this is the whole answer.');
    await page.screenshot({ path: join(ARTIFACTS, 'sso-signed-in.png'), fullPage: true });

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.screenshot({ path: join(ARTIFACTS, 'sso-sign-out.png') });
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(`${gateway.publicUrl}/`);
    await page.getByRole('link', { name: 'Sign in with sandbox' }).waitFor();
    expect(await context.cookies(gateway.publicUrl)).toEqual([]);
    expect(complaints).toEqual([]);

    for (let i = 0; i < 3; i++) {
      await page.goBack();
      expect(await page.locator('body').innerText()).not.toMatch(/acme|ada\.adler|whole answer/);
    }
  });

  it('keeps every token out of reach of its scripts', async () => {
    await page.goto(gateway.publicUrl);
    await signIn('bob@acme.test');
    const [cookie, ...others] = await context.cookies(gateway.publicUrl);
    expect(others).toEqual([]);
    expect(cookie).toMatchObject({
      name: '__Host-sid',
      httpOnly: true,
      secure: true,
      sameSite: 'Lax',
      path: '/',
      expires: -1,
    });
    expect(cookie?.domain).toBe('localhost');
    const visible = await page.evaluate(
      '[document.cookie, ...Object.values(localStorage), ...Object.values(sessionStorage), document.documentElement.outerHTML].join("\\n")',
    );
    expect(visible).not.toContain(cookie?.value);
    expect(visible).not.toMatch(/eyJ|__Host-/);
    expect(await page.evaluate('document.cookie + localStorage.length + sessionStorage.length')).toBe('00');
    expect(complaints).toEqual([]);
  });

  it('can be read and worked without a mouse', async () => {
    await page.goto(gateway.publicUrl);
    await signIn();
    const tree = await page.locator('main').ariaSnapshot();
    for (const part of ['heading "Your session"', 'button "List users"', 'textbox "Question"', 'button "Ask"']) {
      expect(tree).toContain(part);
    }
    await page.getByLabel('Question').focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => page.locator('#answer').innerText()).toContain('this is the whole answer.');
    expect(complaints).toEqual([]);
  });

  it('signs nobody in who cancels, and says so', async () => {
    await page.goto(gateway.publicUrl);
    await page.getByRole('link', { name: 'Sign in with sandbox' }).click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('heading', { name: 'Sign-in failed' }).waitFor();
    expect(await page.locator('main').innerText()).toContain('The sign-in was cancelled.');
    await page.screenshot({ path: join(ARTIFACTS, 'sso-cancelled.png') });
    await page.getByRole('link', { name: 'Sign in again' }).click();
    await page.getByRole('link', { name: 'Sign in with sandbox' }).waitFor();
    expect(await context.cookies(gateway.publicUrl)).toEqual([]);
  });

  it('signs in where sessions hold, under whatever name it was opened', async () => {
    await page.goto(gateway.url);
    expect(new URL(gateway.url).hostname).toBe('127.0.0.1');
    await signIn();
    expect(new URL(page.url()).origin).toBe(gateway.publicUrl);
  });

  it('signs in in three tabs, and each comes back to where it was', async () => {
    const tabs = [page, await context.newPage(), await context.newPage()];
    for (const [index, tab] of tabs.entries()) {
      await tab.goto(`${gateway.publicUrl}/api/v1/users?pageSize=${index + 1}`);
      await tab.getByLabel('E-mail address').waitFor();
    }
    for (const [index, tab] of [...tabs.entries()].toReversed()) {
      await tab.getByLabel('E-mail address').fill('alice@acme.test');
      await tab.getByLabel('Password').fill('sandbox');
      await tab.getByRole('button', { name: 'Sign in' }).click();
      await tab.waitForURL(`${gateway.publicUrl}/api/v1/users?pageSize=${index + 1}`);
      expect(await tab.locator('body').innerText()).toContain('"tenantId":"acme"');
    }
    expect(await context.cookies(gateway.publicUrl)).toMatchObject([{ name: '__Host-sid' }]);
  });

  it('takes no session from a cookie that another server of the host has set', async () => {
    await page.goto(gateway.publicUrl);
    await signIn('bob@acme.test');
    const [stolen] = await context.cookies(gateway.publicUrl);
    await context.clearCookies();
    // Cookies do not tell ports apart: this server stands for any that may set cookies for the name.
    const other = createServer((_request, response) => {
      const names = ['\xa0__Host-sid', '__Host-sid', '__HOST-SID', '="__Host-sid', ''];
      const lines = names.map((name) => `${name}${name === '' ? '__Host-sid' : ''}=${stolen?.value ?? ''}; Path=/`);
      response.writeHead(200, { 'set-cookie': lines, 'content-type': 'text/html' }).end('<title>other</title>');
    }).listen(0, '127.0.0.1');
    await once(other, 'listening');
    await page.goto(`http://localhost:${(other.address() as AddressInfo).port}/`);
    const answer = await page.goto(`${gateway.publicUrl}/auth/session`);
    let request = answer?.request();
    for (let before = request?.redirectedFrom(); before; before = request?.redirectedFrom()) request = before;
    const sent = await request?.headerValue('cookie');
    other.close();
    // Chromium refuses every name that begins with the prefix, and sends this one, which only looks so.
    expect(sent).toContain(stolen?.value);
    expect(page.url()).not.toBe(`${gateway.publicUrl}/auth/session`);
  });

  it('is where a person without a session comes back to what they asked for', async () => {
    await page.goto(`${gateway.publicUrl}/api/v1/users?pageSize=2`);
    await page.getByLabel('E-mail address').fill('alice@acme.test');
    await page.getByLabel('Password').fill('sandbox');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL(`${gateway.publicUrl}/api/v1/users?pageSize=2`);
    expect(await page.locator('body').innerText()).toContain('"tenantId":"acme"');
  });
});
