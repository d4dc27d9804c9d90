import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD } from '../../sandbox/data/seed.js';
import { startSandbox, type Upstream } from '../../sandbox/environment.js';
import { ROOT } from '../ops/project-files.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { readmeBlocks, readmeFile } from '../support/code-blocks.js';

let folder: string;
let gateway: TestGateway;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mocked-'));
  mkdirSync(join(folder, 'billing/v1'), { recursive: true });
  writeFileSync(join(folder, 'billing/v1/billing.proto'), readmeFile('proto', 'billing/v1/billing.proto'));
  for (const name of ['gateway', 'google']) cpSync(join(ROOT, 'proto', name), join(folder, name), { recursive: true });
  const set = join(folder, 'extra.binpb');
  execFileSync(join(ROOT, 'node_modules/.bin/buf'), ['build', '--as-file-descriptor-set', '-o', set], { cwd: folder });
  const sandbox = await startSandbox({ faultServer: false, idp: false, mocks: [set], grants: ['reports.read'] });
  gateway = await startTestGateway({ sandbox });
});
afterAll(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true, force: true });
});

async function signIn(identifier: string): Promise<{ accessToken: string }> {
  const body = JSON.stringify({ identifier, password: PASSWORD });
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${gateway.url}/api/v1/auth/login`, { method: 'POST', headers, body });
  return (await response.json()) as { accessToken: string };
}

async function getInvoice(user: string): Promise<readonly [number, string]> {
  const { accessToken } = await signIn(user);
  const headers = { authorization: `Bearer ${accessToken}` };
  const response = await fetch(`${gateway.url}/api/v1/invoices/42`, { headers });
  return [response.status, await response.text()];
}

describe('an adopted service, mocked in the sandbox', () => {
  it("answers the sandbox's admins, each within its tenant, as the README shows", async () => {
    const [shown = ''] = readmeBlocks('text');
    expect(await getInvoice('alice@acme.test')).toEqual([200, shown.trim()]);
    expect(await getInvoice('carol@globex.test')).toEqual([200, shown.trim().replace('acme', 'globex')]);
  });

  it('refuses those who do not have its permission', async () => {
    expect(await getInvoice('bob@acme.test')).toEqual([403, expect.stringContaining('PERMISSION_DENIED')]);
  });

  it('lets admins have permissions that no policy names', async () => {
    const { accessToken } = await signIn('alice@acme.test');
    const claims = JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString()) as object;
    expect(claims).toMatchObject({ permissions: expect.arrayContaining(['billing.read', 'reports.read']) as string[] });
  });

  it('has a fault switch of its own', async () => {
    await gateway.sandbox.setFault('billing' as Upstream, { mode: 'down' });
    expect(await getInvoice('alice@acme.test')).toEqual([503, expect.stringContaining('UPSTREAM_UNAVAILABLE')]);
    await gateway.sandbox.setFault('billing' as Upstream, { mode: 'none' });
  });
});
