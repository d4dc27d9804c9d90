import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { startSandbox, type SandboxEnvironment } from '../../sandbox/environment.js';
import { builtFile, GatewayProcess } from '../support/gateway-process.js';
import { REGISTER } from '../support/typescript.js';

let sandbox: SandboxEnvironment;
beforeAll(async () => {
  sandbox = await startSandbox({ faultServer: false, idp: false });
});
afterAll(() => sandbox.close());

it.each([
  ['http2', {}, ['fastify']],
  [
    'grpc-js, for one upstream',
    { GATEWAY_USER_GRPC_TRANSPORT: 'grpc-js' },
    ['@grpc/grpc-js', '@grpc/proto-loader', 'fastify'],
  ],
])('a gateway over %s serves, and has loaded the libraries of gRPC only if it needs them', async (_, env, expected) => {
  const program = ['--import', REGISTER, '--import', './test/support/tell-loaded.ts', builtFile('dist/main.js')];
  const gateway = await GatewayProcess.start(sandbox, { GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT: '0s', ...env }, program);
  onTestFinished(() => gateway.kill());
  const authorization = `Bearer ${await sandbox.issueToken('alice@acme.test')}`;
  const users = await fetch(`${gateway.url}/api/v1/users?page_size=1`, { headers: { authorization } });
  expect(await users.json()).toMatchObject({ users: [{ tenantId: 'acme' }] });
  gateway.child.kill('SIGTERM');
  expect(await gateway.exited).toBe(0);
  expect(gateway.lines.find(({ msg }) => msg === 'loaded')).toEqual({ msg: 'loaded', loaded: expected });
});
