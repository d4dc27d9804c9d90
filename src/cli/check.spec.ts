import { expect, test } from 'vitest';
import { run } from './program.js';

const ENV = {
  AUTH_SERVICE_URL: 'auth.production.svc.cluster.local:1',
  USER_SERVICE_URL: 'localhost:2',
  TENANT_SERVICE_URL: 'localhost:3',
  JWT_SECRET: 'a secret of more than 32 bytes, really',
};

async function check(env: Readonly<Record<string, string>>): Promise<string> {
  const out: string[] = [];
  expect(await run(['check'], { out: (line) => out.push(line), err: () => undefined }, env)).toBe(0);
  return out.join('\n');
}

test('gateway check says that a name of Kubernetes resolves to all pods only if its Service is headless', async () => {
  expect(await check(ENV)).toContain(
    'auth: a Service resolves to the addresses of all its pods only if it is headless',
  );
  expect(await check({ ...ENV, AUTH_SERVICE_URL: 'localhost:1' })).not.toContain('headless');
});
