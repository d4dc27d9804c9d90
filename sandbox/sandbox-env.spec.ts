import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { expect, test } from 'vitest';
import { parseEnvironment } from '../src/config/environment.js';
import { startSandbox } from './environment.js';
import { readSettings } from './settings.js';

const read = (file: string) => parseEnv(readFileSync(new URL(file, import.meta.url), 'utf8'));

test.each(['sandbox.env', 'development.env'])('%s holds the addresses at which the sandbox listens', (file) => {
  const config = parseEnvironment(read(file));
  const { auth, user, tenant, ai, guardrail, jwks } = readSettings({}).ports;
  expect(Object.fromEntries([...config.upstreams].map(([name, { target }]) => [name, target]))).toEqual({
    auth: `dns:///127.0.0.1:${auth}`,
    user: `dns:///127.0.0.1:${user}`,
    tenant: `dns:///127.0.0.1:${tenant}`,
    ai: `dns:///127.0.0.1:${ai}`,
    guardrail: `dns:///127.0.0.1:${guardrail}`,
  });
  expect(config.jwt).toMatchObject({
    issuer: `http://127.0.0.1:${jwks}`,
    jwksUrl: `http://127.0.0.1:${jwks}/jwks.json`,
  });
  expect(config.timeouts.preDrainMs).toBe(0);
});

test('sandbox.env holds what the sandbox gives its gateway, but for the ports', async () => {
  const inFile = read('sandbox.env');
  const sandbox = await startSandbox({ faultServer: false, guardrail: true });
  const given = sandbox.gatewayEnv('http://localhost:8080');
  await sandbox.close();
  expect(Object.keys({ ...given, GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT: '0s' }).toSorted()).toEqual(
    Object.keys(inFile).toSorted(),
  );
  expect(inFile['GATEWAY_SSO_SANDBOX_ISSUER']).toBe(`http://127.0.0.1:${readSettings({}).ports.idp}`);
  for (const [name, value] of Object.entries(given)) if (!value.includes('127.0.0.1')) expect(inFile[name]).toBe(value);
});
