import { readFileSync, writeFileSync } from 'node:fs';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startSandbox, type SandboxEnvironment } from '../../sandbox/environment.js';
import { run } from '../../src/cli/program.js';
import { parseEnvironment } from '../../src/config/environment.js';
import { startRefusal } from '../../src/start-refusal.js';
import { staticRoutes } from '../../src/static-routes.js';
import { compileProto } from '../support/compile-proto.js';
import { type DescriptorFile, descriptorFile } from '../support/descriptor-file.js';
import { startTestGateway } from '../support/gateway.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { type RpcEdit, shapesWith } from '../support/shapes.js';

const SSO = {
  GATEWAY_PUBLIC_URL: 'http://localhost:8080',
  GATEWAY_SSO_CORP_ISSUER: 'http://127.0.0.1:9',
  GATEWAY_SSO_CORP_CLIENT_ID: 'gateway',
  GATEWAY_SSO_CORP_CLIENT_SECRET: 'a secret of the provider',
};

let sandbox: SandboxEnvironment;
let file: DescriptorFile | undefined;

beforeAll(async () => void (sandbox = await startSandbox({ faultServer: false, idp: false })));
afterEach(() => file?.remove());
afterAll(() => sandbox.close());

const OPEN = { access: 1 } as const;
const custom = (kind: string, path: string): NonNullable<RpcEdit['http']> => ({
  pattern: { case: 'custom', value: { kind, path } },
});
const get = (value: string, more: object = {}): NonNullable<RpcEdit['http']> => ({
  pattern: { case: 'get', value },
  ...more,
});

/** Settings that mount ShapeService with these changes. */
function envWith(edits: Readonly<Record<string, RpcEdit>>, more: Readonly<Record<string, string>> = {}) {
  file = descriptorFile(shapesWith(edits));
  return { ...sandbox.gatewayEnv(), GATEWAY_DESCRIPTORS: file.path, SHAPES_SERVICE_URL: '127.0.0.1:1', ...more };
}

async function check(env: Readonly<Record<string, string>>): Promise<{ exitCode: number; lines: string[] }> {
  const lines: string[] = [];
  const exitCode = await run(['check'], { out: () => undefined, err: (line) => lines.push(line) }, env);
  return { exitCode, lines: lines.filter((line) => !line.startsWith('warning: ')) };
}

/** Starts a gateway with the same settings. Returns its exit code and its log lines. */
async function start(env: Readonly<Record<string, string>>): Promise<{ exitCode: number; lines: string[] }> {
  try {
    const gateway = await startTestGateway({ env, sandbox, waitUntilReady: false });
    await gateway.gateway.drain();
  } catch (error) {
    const { exitCode, lines } = startRefusal(error, parseEnvironment(env));
    return { exitCode, lines: lines.map(([, message]) => message.replace(/^(?:contract|config)_invalid /, '')) };
  }
  return { exitCode: 0, lines: [] };
}

async function expectRefusal(env: Readonly<Record<string, string>>, text: string | RegExp): Promise<void> {
  const [said, started] = [await check(env), await start(env)];
  expect(said.exitCode).toBe(78);
  expect(said.lines.slice(0, -1)).toEqual([expect.stringMatching(text)]);
  expect(said.lines.at(-1)).toBe('1 problem: the gateway would not start');
  expect(started).toEqual({ exitCode: 78, lines: said.lines.slice(0, -1) });
}

/** Every path of the gateway itself, as a proto writes it. */
const OWN = staticRoutes({ docs: true, sso: true, metrics: true, ops: false, controllers: [] })
  .map(({ verb, path }) => ({ verb, path: path.replaceAll(/:\w+/g, '{path}') }))
  // A template has at least one segment.
  .filter(({ path }) => path !== '/');

describe('gateway check and a start refuse the same, with the same words:', () => {
  it.each(OWN.map(({ verb, path }) => [verb, path]))('a proto that maps %s %s', async (verb, path) => {
    const env = envWith({ GetFile: { http: custom(verb, path) } }, SSO);
    await expectRefusal(env, new RegExp(`GetFile: ${verb} "[^"]+" is a path of the gateway itself`));
  });

  it.each<[string, Readonly<Record<string, RpcEdit>>, RegExp]>([
    ['a path under one of its patterns', { GetFile: { http: get('/auth/corp/login') } }, /is a path of the gateway/],
    ['the same with a wildcard', { GetFile: { http: get('/auth/*/login') } }, /is a path of the gateway/],
    ['a path that crosses one', { GetFile: { http: get('/{path}/corp/login') } }, /is a path of the gateway/],
    ['an encoded spelling', { GetFile: { http: get('/%6detrics') } }, /is a path of the gateway/],
    ['HEAD', { GetFile: { http: custom('HEAD', '/shapes/v1/x') } }, /"HEAD" of .* no HTTP method that can be routed/],
    ['OPTIONS', { GetFile: { http: custom('options', '/shapes/v1/x') } }, /"OPTIONS" of .* no HTTP method/],
    ['a path that another service has', { GetFile: { http: get('/api/v1/users') } }, /matches the same paths/],
    ['one that crosses it', { GetFile: { http: get('/api/*/users/search') } }, /neither is more specific/],
    [
      'a body that is redacted',
      { EchoKinds: { policy: { access: 2, redact: ['text'] }, http: get('/x', { responseBody: 'text' }) } },
      /EchoKinds: GET "\/x": response_body "text" of shapes.v1.Kinds is redacted/,
    ],
    ['a policy without access', { GetFile: { policy: {} } }, /access is not set/],
    ['an open RPC with permissions', { GetFile: { policy: { ...OPEN, permissions: ['a.b'] } } }, /only checked with/],
  ])('%s', async (_what, edits, text) => {
    await expectRefusal(envWith(edits, SSO), text);
  });

  it('contracts and settings that are wrong together', async () => {
    const wrong = { GATEWAY_USER_TLS_MODE: 'tls', GATEWAY_USER_TLS_CA_FILE: import.meta.filename };
    const env = envWith({ GetFile: { http: get('/metrics') } }, wrong);
    const [said, started] = [await check(env), await start(env)];
    expect(said.lines).toEqual([
      expect.stringContaining('is a path of the gateway itself'),
      expect.stringContaining('is no PEM file'),
      '2 problems: the gateway would not start',
    ]);
    expect(started).toEqual({ exitCode: 78, lines: said.lines.slice(0, -1) });
  });

  it.each([
    ['Extra.v1', /^EXTRA_SERVICE_URL: is not set/],
    ['', /needs a package/],
  ])('a set whose package "%s" has no address', async (name, text) => {
    await expectRefusal({ ...sandbox.gatewayEnv(), GATEWAY_DESCRIPTORS: inPackage(name) }, text);
  });

  it('files that do not hold a certificate', async () => {
    const wrong = { GATEWAY_USER_TLS_MODE: 'tls', GATEWAY_USER_TLS_CA_FILE: import.meta.filename };
    const text = /^GATEWAY_USER_TLS_MODE: .*check-and-start.spec.ts is no PEM file; name PEM files/;
    await expectRefusal({ ...sandbox.gatewayEnv(), ...wrong }, text);
  });
});

describe('gateway check and a start accept', () => {
  it('a package in capitals, whose address is in capitals whatever it is', async () => {
    const env = {
      ...sandbox.gatewayEnv(),
      GATEWAY_DESCRIPTORS: inPackage('Extra.v1'),
      EXTRA_SERVICE_URL: '127.0.0.1:1',
    };
    expect([await check(env), await start(env)]).toEqual([
      { exitCode: 0, lines: [] },
      { exitCode: 0, lines: [] },
    ]);
  });

  it.each<[string, string, Readonly<Record<string, string>>]>([
    ['a path that is wider than those of the gateway', '/{path=**}', SSO],
    ['a path that only the sign-in has, without a provider', '/auth/{path}/login', {}],
    ['the metrics, when they have a port of their own', '/metrics', { OPS_PORT: '0' }],
    ['the reference, when there is none', '/openapi.json', { GATEWAY_DOCS: 'false' }],
  ])('%s', async (_what, path, more) => {
    const env = envWith({ GetFile: { http: get(path) } }, more);
    expect(await check(env)).toEqual({ exitCode: 0, lines: [] });
    expect(await start(env)).toEqual({ exitCode: 0, lines: [] });
  });

  it('another method of a path that the gateway has', async () => {
    const env = envWith({ GetFile: { http: custom('PURGE', '/metrics') } });
    expect([await check(env), await start(env)]).toEqual(Array.from({ length: 2 }, () => ({ exitCode: 0, lines: [] })));
  });
});

it('a process that refuses its contracts says so in its own lines alone and exits 78', async () => {
  const env = envWith({ GetFile: { http: get('/metrics') } }, { LOG_LEVEL: 'debug' });
  const gateway = new GatewayProcess(sandbox, env);
  expect(await gateway.exited).toBe(78);
  await expect.poll(() => gateway.lines.length).toBe(1);
  const [line] = gateway.lines;
  expect(line).toMatchObject({
    level: 'fatal',
    msg: expect.stringMatching(/^contract_invalid .*"\/metrics"/) as string,
  });
  expect(line?.['context']).toBeUndefined();
  // Standard error has fatal lines too, and nothing else.
  expect(JSON.parse(gateway.stderr)).toEqual(line);
});

/** A descriptor set of one service in a package; empty for none. */
function inPackage(name: string): string {
  const proto = compileProto(`service ExtraService { rpc Get(google.protobuf.Empty) returns (google.protobuf.Empty) {
    option (google.api.http) = {get: "/extra/v1/get"};
    option (gateway.v1.policy) = {access: ACCESS_AUTHENTICATED};
  } }`);
  const set = fromBinary(FileDescriptorSetSchema, readFileSync(proto.path));
  for (const each of set.file) if (each.package === 'extra.v1') each.package = name;
  writeFileSync(proto.path, toBinary(FileDescriptorSetSchema, set));
  file = proto;
  return proto.path;
}
