import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { expect, test } from 'vitest';
import { parseEnvironment } from '../src/config/environment.js';
import { startWorld } from './world.js';
import { readSettings } from './settings.js';

test('sandbox.env holds the addresses at which the sandbox listens', () => {
  const config = parseEnvironment(parseEnv(readFileSync(new URL('sandbox.env', import.meta.url), 'utf8')));
  const { auth, user, tenant, ai, jwks, idp } = readSettings({}).ports;
  expect(Object.fromEntries([...config.upstreams].map(([name, { target }]) => [name, target]))).toEqual({
    auth: `dns:///127.0.0.1:${auth}`,
    user: `dns:///127.0.0.1:${user}`,
    tenant: `dns:///127.0.0.1:${tenant}`,
    ai: `dns:///127.0.0.1:${ai}`,
  });
  expect(config.jwt).toMatchObject({
    issuer: `http://127.0.0.1:${jwks}`,
    jwksUrl: `http://127.0.0.1:${jwks}/jwks.json`,
  });
  expect(config.timeouts.preDrainMs).toBe(0);
  expect(config.sso.providers.get('sandbox')?.issuer).toBe(`http://127.0.0.1:${idp}`);
});

test('sandbox.env holds what the sandbox gives its gateway, but for the ports', async () => {
  const inFile = parseEnv(readFileSync(new URL('sandbox.env', import.meta.url), 'utf8'));
  const world = await startWorld({ faultServer: false });
  const given = world.gatewayEnv('http://localhost:8080');
  await world.close();
  expect(Object.keys({ ...given, GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT: '0s' }).toSorted()).toEqual(
    Object.keys(inFile).toSorted(),
  );
  for (const [name, value] of Object.entries(given)) if (!value.includes('127.0.0.1')) expect(inFile[name]).toBe(value);
});
