import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSandbox, type SandboxEnvironment } from '../../sandbox/environment.js';
import { Client } from '../support/client.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectFetchProblem } from '../support/problem.js';

const APP = 'https://app.example.com';
const USERS = '/api/v1/users';
const STREAM = '/api/v1/ai:stream';

let sandbox: SandboxEnvironment;
let plain: TestGateway;
let gateway: TestGateway;
let alice: Client;
let alicePlain: Client;

beforeAll(async () => {
  sandbox = await startSandbox({ faultServer: false, idp: false });
  plain = await startTestGateway({ sandbox, env: { GATEWAY_CORS_ORIGINS: APP, GATEWAY_STREAM_HEARTBEAT: '1s' } });
  gateway = await startTestGateway({
    sandbox,
    env: {
      GATEWAY_CORS_ORIGINS: APP,
      GATEWAY_CORS_HEADERS: 'X-Client-Version, baggage',
      GATEWAY_IGNORED_QUERY: 'utm_*, fbclid, page_size',
      GATEWAY_JSON_FIELD_NAMES: 'proto',
      GATEWAY_JSON_ENUMS: 'numbers',
      GATEWAY_STREAM_HEARTBEAT: '1s',
      GATEWAY_STREAM_LINE_HEARTBEAT: 'true',
      GATEWAY_FORWARDED_PREFIX: 'true',
      GATEWAY_TRUSTED_PROXIES: '127.0.0.0/8',
    },
  });
  alice = await Client.of(gateway, 'alice@acme.test');
  alicePlain = await Client.of(plain, 'alice@acme.test');
});
afterAll(async () => {
  await Promise.all([gateway, plain].map((each) => each.gateway.drain()));
  await sandbox.close();
});

describe('GATEWAY_CORS_HEADERS', () => {
  const allowed = async (to: TestGateway) => {
    const headers = { origin: APP, 'access-control-request-method': 'GET' };
    const response = await fetch(to.url + USERS, { method: 'OPTIONS', headers });
    return (response.headers.get('access-control-allow-headers') ?? '').split(', ');
  };

  it('lets pages send its headers beside those that the gateway reads', async () => {
    const before = await allowed(plain);
    expect(await allowed(gateway)).toEqual([...before, 'x-client-version', 'baggage']);
  });
});

describe('GATEWAY_IGNORED_QUERY', () => {
  it.each([
    ['a name', `${USERS}/alice?fbclid=1`],
    ['a beginning', `${USERS}/alice?utm_source=mail&utm_medium=x%20y`],
    ['a route that takes no parameters', '/api/v1/me?utm_source=mail'],
  ])('drops %s', async (_, path) => {
    const [ignoring, refusing] = await Promise.all([alice.send('GET', path), alicePlain.send('GET', path)]);
    expect([ignoring.status === 400, refusing.status]).toEqual([false, 400]);
    await ignoring.text();
    await refusing.text();
  });

  it('drops them of a route whose body is the whole message', async () => {
    const response = await alice.send('POST', '/api/v1/ai?gclid=1', { query: 'x' });
    await expectFetchProblem(response, 'UNKNOWN_FIELD');
    const ignored = await alice.send('POST', '/api/v1/ai?fbclid=1', { query: 'hello' });
    expect(ignored.status).toBe(200);
    await ignored.text();
  });

  it.each([['fbclid2'], ['utm'], ['xutm_source'], ['UTM_source']])(
    'refuses %s, which it does not name',
    async (name) => {
      await expectFetchProblem(await alice.send('GET', `${USERS}?${name}=1`), 'UNKNOWN_FIELD');
    },
  );

  it('leaves a field of the request what it is', async () => {
    const response = await alice.send('GET', `${USERS}?page_size=1`);
    expect(((await response.json()) as { users: unknown[] }).users).toHaveLength(1);
  });
});

describe('GATEWAY_JSON_FIELD_NAMES and GATEWAY_JSON_ENUMS', () => {
  it('write names of the proto and numbers, in the OpenAPI document as well', async () => {
    const { users } = (await (await alice.send('GET', `${USERS}?page_size=1`)).json()) as { users: object[] };
    const { users: usual } = (await (await alicePlain.send('GET', `${USERS}?page_size=1`)).json()) as {
      users: object[];
    };
    const snake = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    expect(Object.keys(users[0]!)).toEqual(Object.keys(usual[0]!).map(snake));
    const document = (await (await fetch(`${gateway.url}/openapi.json`)).json()) as OpenApi;
    const described = Object.keys(document.components.schemas['user.v1.User']!.properties);
    expect(described).toEqual(expect.arrayContaining(Object.keys(users[0]!)));
    expect(described.some((name) => /[A-Z]/.test(name))).toBe(false);
    expect(document.info.description).toContain('`utm_*`');
  });

  it.each([['display_name'], ['displayName']])('take %s in requests all the same', async (name) => {
    const response = await alice.send('POST', USERS, { [name]: 5 });
    const { errors } = await expectFetchProblem(response, 'INVALID_ARGUMENT');
    expect(errors).toContainEqual(expect.objectContaining({ field: name }));
  });
});

interface OpenApi {
  readonly info: { readonly description: string };
  readonly components: { readonly schemas: Record<string, { readonly properties: object }> };
}

describe('GATEWAY_STREAM_LINE_HEARTBEAT', () => {
  const ask = async (client: Client, accept: string) =>
    (await client.send('POST', STREAM, { query: 'stream 1 tokens slow 1500ms' }, { accept })).text();

  it('sends empty lines in silent streams of lines and of one array', async () => {
    const [lines, array, usual] = await Promise.all([
      ask(alice, 'application/x-ndjson'),
      ask(alice, 'application/json'),
      ask(alicePlain, 'application/x-ndjson'),
    ]);
    expect(lines.startsWith('\n')).toBe(true);
    expect(
      lines
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as unknown).length,
    ).toBeGreaterThan(0);
    expect(array.startsWith('[\n')).toBe(true);
    expect(JSON.parse(array)).toBeInstanceOf(Array);
    expect(usual.startsWith('{')).toBe(true);
  });
});

describe('GATEWAY_FORWARDED_PREFIX', () => {
  const headers = { 'x-forwarded-prefix': '/edge' };
  const server = async (to: TestGateway, sent: Record<string, string>) =>
    ((await (await fetch(`${to.url}/openapi.json`, { headers: sent })).json()) as { servers: unknown }).servers;

  it('begins links, problems and the server of the document with what the proxy took off', async () => {
    expect(await server(gateway, headers)).toEqual([{ url: '/edge' }]);
    expect(await server(gateway, {})).toEqual([{ url: '/' }]);
    const problem = (await (await fetch(gateway.url + USERS, { headers })).json()) as object;
    expect(problem).toMatchObject({ instance: `/edge${USERS}`, type: '/edge/docs/errors#UNAUTHENTICATED' });
    for (const page of ['/', '/docs']) {
      const html = await (await fetch(gateway.url + page, { headers })).text();
      const links = [...html.matchAll(/(?:href|src)="([^"]+)/g)].map(([, link]) => link ?? '');
      expect(links.filter((link) => link.startsWith('/') && !link.startsWith('/edge/'))).toEqual([]);
    }
  });

  it.each(['//evil.test', '/a/..', 'edge'])('ignores %s', async (prefix) => {
    expect(await server(gateway, { 'x-forwarded-prefix': prefix })).toEqual([{ url: '/' }]);
  });

  it('is not read without the setting, nor from a peer that is not trusted', async () => {
    expect(await server(plain, headers)).toEqual([{ url: '/' }]);
    const env = { GATEWAY_FORWARDED_PREFIX: 'true', GATEWAY_TRUSTED_PROXIES: '10.0.0.0/8' };
    const distant = await startTestGateway({ sandbox, env });
    expect(await server(distant, headers)).toEqual([{ url: '/' }]);
    await distant.gateway.drain();
  });
});
