import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../../src/cli/program.js';
import { Client } from '../support/client.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';

const MODULES = join(import.meta.dirname, 'wild/kinds.module.ts');

let gateway: TestGateway;
let alice: Client;
beforeAll(async () => {
  gateway = await startTestGateway({ env: { GATEWAY_MODULES: MODULES } });
  alice = await Client.of(gateway, 'alice@acme.test');
});
afterAll(() => gateway.close());

it.each([
  ['none', 200],
  ['existing', 403],
  ['value', 403],
  ['factory', 403],
  ['transient', 403],
  ['attached', 403],
])('the guard %s decides on generated routes and ordinary controllers alike', async (name, status) => {
  for (const path of ['/api/v1/users', '/kinds']) {
    for (const method of ['GET', 'HEAD']) {
      const response = await alice.send(method, path, undefined, { 'x-deny': name });
      expect(response.status, `${method} ${path}`).toBe(status);
    }
  }
});

it('gateway explain names each as far as it is known before the start', async () => {
  const out: string[] = [];
  const terminal = { out: (line: string) => void out.push(line), err: (line: string) => void out.push(line) };
  const env = { ...gateway.sandbox.gatewayEnv(), GATEWAY_MODULES: MODULES };
  expect(await run(['explain', 'GET', '/api/v1/users'], terminal as never, env)).toBe(0);
  expect(out.join('\n')).toMatch(
    /guards +AuthenticationGuard, TenantGuard, RolesGuard, ExistingGuard, ValueGuard, one created by a factory, TransientGuard, AttachedGuard/,
  );
});
