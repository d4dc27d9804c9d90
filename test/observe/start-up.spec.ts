import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startSandbox, type SandboxEnvironment } from '../../sandbox/environment.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { TestRedis } from '../support/redis.js';

let sandbox: SandboxEnvironment;
let gateway: GatewayProcess | undefined;

beforeAll(async () => void (sandbox = await startSandbox({ faultServer: false, idp: false })));
afterEach(() => gateway?.kill());
afterAll(() => sandbox.close());

const framework = ({ lines }: GatewayProcess) => lines.filter((line) => 'context' in line);

it('a start is not told module by module', async () => {
  gateway = await GatewayProcess.start(sandbox, {});
  expect(gateway.lines.map(({ msg }) => msg)).toContain('listening');
  expect(framework(gateway)).toEqual([]);
});

it('a start is told module by module to those who debug', async () => {
  gateway = await GatewayProcess.start(sandbox, { LOG_LEVEL: 'debug' });
  expect(framework(gateway).length).toBeGreaterThan(50);
  expect(new Set(framework(gateway).map(({ level }) => level))).toEqual(new Set(['debug']));
});

it('settings that are refused are lines like all others', async () => {
  gateway = new GatewayProcess(sandbox, { GATEWAY_REQUEST_TIMEOUT: '5', GATEWAY_CORS_ORIGINS: '*' });
  const { exited, lines } = gateway;
  expect(await exited).toBe(78);
  // The last lines may be read after the exit.
  const names = ['GATEWAY_CORS_ORIGINS', 'GATEWAY_REQUEST_TIMEOUT'];
  await expect.poll(() => lines.map(({ name }) => String(name)).toSorted((a, b) => a.localeCompare(b))).toEqual(names);
  for (const line of lines) {
    expect(line).toMatchObject({ level: 'fatal', service: 'api-gateway', version: expect.any(String) as string });
    expect(line['ts']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  }
});

it('settings that have no effect, or that switch the metrics off, are reported', async () => {
  const stray = { METRICS_PORT: '9090', BILING_SERVICE_URL: '127.0.0.1:1', REDIS_URI: 'redis://127.0.0.1' };
  gateway = await GatewayProcess.start(sandbox, { ...stray, ENABLE_METRICS: 'false' });
  const warnings = gateway.lines.filter(({ msg }) => String(msg).startsWith('config_warning'));
  const names = [...Object.keys(stray), 'ENABLE_METRICS'];
  expect(new Set(warnings.map(({ name }) => name))).toEqual(new Set(names));
  expect(warnings.find(({ name }) => name === 'REDIS_URI')?.msg).toContain('did you mean REDIS_URL?');
});

describe('a Redis whose client library has something to say', () => {
  let redis: TestRedis;

  beforeAll(async () => {
    redis = await TestRedis.start();
    await redis.client.call('ACL', 'SETUSER', 'limited', 'on', '>secret', '~*', '+@all', '-info');
  });
  afterAll(() => redis.close());

  it.each([
    ['a user that may not INFO', 'limited:secret@', []],
    ['a password that is not needed', ':secret@', [expect.stringMatching(/password/) as string]],
  ])('adds only lines of JSON: %s', async (_what, credentials, outputs) => {
    gateway = await GatewayProcess.start(sandbox, { REDIS_URL: redis.url.replace('//', `//${credentials}`) });
    const told = gateway.lines.filter(({ msg }) => msg === 'console_output');
    expect([...new Set(told.map(({ output }) => output))]).toEqual(outputs);
    expect(gateway.stderr).toBe('');
    expect(gateway.lines.filter(({ msg }) => String(msg).startsWith('degraded'))).toEqual([]);
    expect(JSON.stringify(gateway.lines)).not.toContain('secret');
  });
});
