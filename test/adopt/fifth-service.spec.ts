import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSandbox, type SandboxEnvironment } from '../../sandbox/environment.js';
import { startTestGateway } from '../support/gateway.js';
import { readmeFile } from '../support/code-blocks.js';
import { REGISTER } from '../support/typescript.js';

const ROOT = join(import.meta.dirname, '../..');
const BIN = join(ROOT, 'node_modules/.bin');
const PROTO = readmeFile('proto', 'billing/v1/billing.proto');

let folder: string;
let descriptors: string;
let backend: Server;
let backendUrl: string;
let sandbox: SandboxEnvironment;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fifth-service-'));
  descriptors = buildDescriptors(join(folder, 'billing-team'));
  [backend, backendUrl] = await startBilling(descriptors);
  sandbox = await startSandbox({ faultServer: false });
});
afterAll(async () => {
  backend.forceShutdown();
  await sandbox.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Does what the README asks of a team: its proto beside copies of ours, and one `buf build`. */
function buildDescriptors(team: string): string {
  write(join(team, 'billing/v1/billing.proto'), PROTO);
  for (const name of ['gateway', 'google']) cpSync(join(ROOT, 'proto', name), join(team, name), { recursive: true });
  execFileSync(join(BIN, 'buf'), ['build', '--as-file-descriptor-set', '-o', 'extra.binpb'], { cwd: team });
  return join(team, 'extra.binpb');
}

async function startBilling(set: string): Promise<[Server, string]> {
  const definition = loadFileDescriptorSetFromBuffer(readFileSync(set), { longs: String });
  const { billing } = loadPackageDefinition(definition) as never as {
    billing: { v1: { BillingService: { service: never } } };
  };
  const server = new Server();
  type Call = ServerUnaryCall<{ invoice_id: string; tenant_id: string }, unknown>;
  server.addService(billing.v1.BillingService.service, {
    GetInvoice: ({ request }: Call, done: sendUnaryData<unknown>) =>
      done(null, { id: request.invoice_id, tenant_id: request.tenant_id, amount_cents: '9007199254740993' }),
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return [server, `127.0.0.1:${port}`];
}

async function getInvoice(url: string, permissions: string[]): Promise<{ status: number; body: unknown }> {
  const token = await sandbox.issueToken('alice@acme.test', { permissions });
  const response = await fetch(`${url}/api/v1/invoices/42`, { headers: { authorization: `Bearer ${token}` } });
  return { status: response.status, body: await response.json() };
}

async function nameOfAlice(url: string): Promise<unknown> {
  const headers = { authorization: `Bearer ${await sandbox.issueToken('alice@acme.test')}` };
  const me = (await (await fetch(`${url}/api/v1/me`, { headers })).json()) as { user: { id: string } };
  const response = await fetch(`${url}/api/v1/users/${me.user.id}`, { headers });
  return ((await response.json()) as { displayName: unknown }).displayName;
}

const INVOICE = { id: '42', tenantId: 'acme', amountCents: '9007199254740993' };

describe('a fifth service', () => {
  it('is served from its descriptor set alone', async () => {
    const own = await startSandbox({ faultServer: false });
    const gateway = await startTestGateway({
      sandbox: own,
      env: { ...sandbox.gatewayEnv(), GATEWAY_DESCRIPTORS: descriptors, BILLING_SERVICE_URL: backendUrl },
    });
    try {
      expect(await getInvoice(gateway.url, ['billing.read'])).toEqual({ status: 200, body: INVOICE });
      expect(await getInvoice(gateway.url, ['user.read'])).toMatchObject({ status: 403 });
      const document = (await (await fetch(`${gateway.url}/openapi.json`)).json()) as {
        paths: Record<string, unknown>;
      };
      expect(Object.keys(document.paths)).toContainEqual(expect.stringMatching(/^\/api\/v1\/invoices\/\{/));
    } finally {
      await gateway.close();
    }
  });

  it('without an address refuses to start and says which variable is missing', async () => {
    await expect(startTestGateway({ env: { GATEWAY_DESCRIPTORS: descriptors } })).rejects.toThrow(
      /BILLING_SERVICE_URL/,
    );
  });

  it('is served by a module of its own, with its explicit method, beside one that calls another service', async () => {
    const copy = join(folder, 'gateway');
    copyGateway(copy);
    write(join(copy, 'proto/billing/v1/billing.proto'), PROTO);
    const env = { PATH: `${BIN}:${process.env.PATH}`, HOME: folder };
    execFileSync('npm', ['run', 'proto'], { cwd: copy, env, stdio: 'pipe' });
    const controller = readmeFile('ts', 'src/api/billing/billing.module.ts').replace(
      'return call.send();',
      'await call.send(); return { paid: true };',
    );
    write(join(copy, 'src/api/billing/billing.module.ts'), controller);
    mountModule(join(copy, 'src/app.module.ts'));
    write(join(copy, 'src/api/user/user.module.ts'), readmeFile('ts', 'src/api/user/user.module.ts'));
    const [child, url] = await startProcess(copy);
    try {
      expect(await getInvoice(url, ['billing.read'])).toEqual({ status: 200, body: { paid: true } });
      expect(await getInvoice(url, ['user.read'])).toMatchObject({ status: 403 });
      expect(await nameOfAlice(url)).toBe('Alice Archer (Acme Corporation)');
    } finally {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
  });
});

function copyGateway(to: string): void {
  for (const name of ['src', 'proto', 'test/proto', 'package.json', 'tsconfig.json', 'buf.yaml', 'buf.gen.yaml']) {
    cpSync(join(ROOT, name), join(to, name), { recursive: true });
  }
  mkdirSync(join(to, 'test/gen'), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(to, 'node_modules'));
}

/** The one edit of the walk-through: the module in the imports of the composition root. */
function mountModule(path: string): void {
  const text = readFileSync(path, 'utf8');
  const mounted = text.replace('        MeModule,\n', '        MeModule,\n        BillingModule,\n');
  expect(mounted).not.toBe(text);
  writeFileSync(path, `import { BillingModule } from './api/billing/billing.module.js';\n${mounted}`);
}

async function startProcess(cwd: string): Promise<[ChildProcess, string]> {
  const child = spawn(process.execPath, ['--import', REGISTER, 'src/main.ts'], {
    cwd,
    env: {
      ...sandbox.gatewayEnv(),
      BILLING_SERVICE_URL: backendUrl,
      API_GATEWAY_PORT: '0',
      GATEWAY_ADMIN_ADDR: '',
      GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT: '0s',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const text of createInterface(child.stdout)) {
    const line = JSON.parse(text) as { msg?: string; url?: string };
    if (line.msg === 'listening') return [child, line.url ?? ''];
  }
  throw new Error('the gateway ended before it listened');
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
