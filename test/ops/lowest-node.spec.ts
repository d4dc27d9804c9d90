import { expect, it, onTestFinished } from 'vitest';
import { startSandbox } from '../../sandbox/environment.js';
import { builtFile, GatewayProcess } from '../support/gateway-process.js';
import { lowestNode } from './lowest-node.js';

it('the built gateway serves on the lowest Node that package.json promises', { timeout: 120_000 }, async () => {
  const node = await lowestNode();
  const sandbox = await startSandbox({ faultServer: false, idp: false });
  onTestFinished(() => sandbox.close());
  const env = { GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT: '0s' };
  const gateway = await GatewayProcess.start(sandbox, env, ['--enable-source-maps', builtFile('dist/main.js')], node);
  onTestFinished(() => gateway.kill());
  const authorization = `Bearer ${await sandbox.issueToken('alice@acme.test')}`;
  const users = await fetch(`${gateway.url}/api/v1/users?page_size=1`, { headers: { authorization } });
  expect(users.status).toBe(200);
  expect(await users.json()).toMatchObject({ users: [{ tenantId: 'acme' }] });
  expect((await fetch(`${gateway.url}/metrics`)).status).toBe(200);
  // Where Node itself leaves out what is beyond a count of headers.
  const many = Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`x-${n}`, '1']));
  expect((await fetch(`${gateway.url}/livez`, { headers: many })).status).toBe(431);
  gateway.child.kill('SIGTERM');
  expect(await gateway.exited).toBe(0);
});
