import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TokenBench } from '../../../test/support/token-bench.js';
import type { Environment } from '../../config/variables.js';
import type { Principal } from '../../domain/principal.js';

const PAGE = readFileSync(new URL('../../../docs/tokens.md', import.meta.url), 'utf8');
const ROLE_FILE = '/etc/gateway/roles.yaml';

let directory: string;
let roleFile: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'roles-'));
  roleFile = join(directory, 'roles.yaml');
  writeFileSync(roleFile, block(PAGE, 'yaml'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function block(text: string, language: string): string {
  return new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(text)?.[1] ?? '';
}

/** The section of the page about an issuer: its example token, and settings with the role file of the page. */
function example(issuer: string): { claims: Record<string, unknown>; env: Environment } {
  const [, section = ''] = PAGE.split(`### ${issuer}\n`);
  const env = parseEnv(block(section, 'sh'));
  expect(env['GATEWAY_ROLE_PERMISSIONS']).toBe(ROLE_FILE);
  const claims = JSON.parse(block(section, 'json')) as Record<string, unknown>;
  return { claims, env: { ...env, GATEWAY_ROLE_PERMISSIONS: roleFile } };
}

type Caller = Partial<Principal>;

const ISSUERS: [issuer: string, typ: string | undefined, caller: Caller][] = [
  [
    'Keycloak',
    'JWT',
    {
      subject: '0a3ac4ff-9b4d-4e0f-9d0c-0e6f6f5d3b5c',
      tenantId: 'acme',
      roles: ['default-roles-shop', 'offline_access', 'uma_authorization', 'support'],
      permissions: ['openid', 'profile', 'email', 'orders.create', 'orders.read', 'orders.list'],
    },
  ],
  [
    'Auth0',
    'JWT',
    {
      subject: 'auth0|63fc5f2c1d6f2f0f9a3f1b7e',
      tenantId: 'org_9ybsU1dN2dKfDkBi',
      roles: ['support'],
      permissions: ['orders.read', 'orders.list'],
    },
  ],
  [
    'Microsoft Entra ID',
    'JWT',
    {
      subject: '690222be-ff1a-4d56-abd1-7e4f7d38e474',
      tenantId: '8f3a0c3e-6a5c-4d2b-9a70-2b6d1f0e9c11',
      roles: ['Orders.Reader'],
      permissions: ['access_as_user', 'orders.create', 'orders.read'],
    },
  ],
  [
    'Amazon Cognito',
    undefined,
    {
      subject: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
      tenantId: 'main',
      roles: ['support'],
      permissions: ['openid', 'orders.read', 'orders.list'],
    },
  ],
  [
    'Okta',
    undefined,
    {
      subject: '00uixa271s6x7qt8I0h7',
      tenantId: 'acme',
      roles: ['support'],
      permissions: ['openid', 'orders.create', 'orders.read', 'orders.list'],
    },
  ],
];

describe.each(ISSUERS)('a token of %s', (issuer, typ, caller) => {
  it('becomes the caller that it speaks of, with the settings of docs/tokens.md', async () => {
    const { claims, env } = example(issuer);
    const principal = await new TokenBench(env).verify(await TokenBench.sign(claims, typ));
    expect(principal).toMatchObject({ ...caller, issuer: claims['iss'] });
    expect(Object.isFrozen(principal) && Object.isFrozen(principal.permissions)).toBe(true);
  });

  it('is refused without those settings', async () => {
    const { claims, env } = example(issuer);
    const { JWT_ISSUER, JWT_JWKS_URL, JWT_AUDIENCE } = env;
    const bare = new TokenBench({ JWT_ISSUER, JWT_JWKS_URL, JWT_AUDIENCE });
    await expect(bare.verify(await TokenBench.sign(claims, typ))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('is refused for another audience, and as an ID token', async () => {
    const { claims, env } = example(issuer);
    const bench = new TokenBench(env);
    const other = { ...claims, aud: 'others-api', client_id: 'others-api' };
    const id = { ...claims, nonce: 'n-0S6_WzA2Mj', at_hash: '77QmUPtjPfzWtF2AnpK9RQ' };
    await expect(bench.verify(await TokenBench.sign(other, typ))).rejects.toMatchObject({
      decisionReason: 'TOKEN_AUDIENCE',
    });
    await expect(bench.verify(await TokenBench.sign(id, typ))).rejects.toMatchObject({
      decisionReason: 'MALFORMED_CREDENTIALS',
    });
  });

  it('without its rights has none, and nobody else is asked for them', async () => {
    const { claims, env } = example(issuer);
    const named = /^(?:scope|scp|roles|permissions|groups|cognito:groups|realm_access|resource_access|https:.*)$/;
    const bare = Object.fromEntries(Object.entries(claims).filter(([name]) => !named.test(name)));
    const principal = await new TokenBench(env).verify(await TokenBench.sign(bare, typ));
    expect(principal).toMatchObject({ roles: [], permissions: [] });
  });
});

describe('all of them in one gateway', () => {
  it('are each read as their own settings say', async () => {
    const examples = ISSUERS.map(([issuer, typ, caller]) => ({ ...example(issuer), typ, caller }));
    const bench = new TokenBench(together(examples.map(({ env }) => env)));
    for (const { claims, typ, caller } of examples) {
      expect(await bench.verify(await TokenBench.sign(claims, typ))).toMatchObject(caller);
    }
  });

  /** The first as it is, the others as entries for their issuers. */
  function together([first = {}, ...others]: readonly Environment[]): Environment {
    const env: Record<string, string | undefined> = { ...first, GATEWAY_DEFAULT_TENANT: 'main' };
    const add = (name: string, value: string | undefined): void => {
      if (value !== undefined) env[name] = env[name] === undefined ? value : `${env[name]},${value}`;
    };
    for (const other of others) {
      const issuer = other['JWT_ISSUER'];
      add('GATEWAY_JWT_ISSUERS', `${issuer}=${other['JWT_JWKS_URL']}`);
      add('GATEWAY_JWT_AUDIENCES', `${issuer}=${other['JWT_AUDIENCE']}`);
      for (const name of Object.keys(other).filter((each) => /^GATEWAY_JWT_(?:CLAIM|TYPES)/.test(each))) {
        add(name, `${issuer}=${other[name]}`);
      }
    }
    return env;
  }
});

describe('the type of a token', () => {
  it.each<[types: string | undefined, typ: unknown, accepted: boolean]>([
    [undefined, 'at+jwt', true],
    [undefined, 'application/AT+JWT', true],
    [undefined, 'JWT', false],
    [undefined, undefined, false],
    ['JWT', 'JWT', true],
    ['JWT', 'at+jwt', false],
    ['at+jwt none', undefined, true],
    ['at+jwt none', '', false],
    ['at+jwt JWT', 'logout+jwt', false],
    ['at+jwt JWT none', ['at+jwt'], false],
    ['at+jwt JWT none', 7, false],
  ])('with GATEWAY_JWT_TYPES %j, %j is accepted: %s', async (types, typ, accepted) => {
    const { claims, env } = example('Okta');
    const bench = new TokenBench({ ...env, GATEWAY_JWT_TYPES: types });
    const outcome = bench.verify(await TokenBench.sign(claims, typ));
    if (accepted) await expect(outcome).resolves.toMatchObject({ tenantId: 'acme' });
    else await expect(outcome).rejects.toMatchObject({ decisionReason: 'MALFORMED_CREDENTIALS' });
  });

  it.each<[string, object]>([
    ['an ID token of Cognito', { token_use: 'id' }],
    ['an ID token of Keycloak', { typ: 'ID' }],
    ['a refresh token of Keycloak', { typ: 'Refresh' }],
    ['an ID token with a nonce', { nonce: 'n' }],
    ['a logout token', { events: {} }],
  ])('does not let %s pass for an access token', async (_what, more) => {
    const { claims, env } = example('Okta');
    const token = await TokenBench.sign({ ...claims, ...more });
    await expect(new TokenBench(env).verify(token)).rejects.toMatchObject({ decisionReason: 'MALFORMED_CREDENTIALS' });
  });
});

describe('a token with a scope alone', () => {
  const CLAIMS = {
    iss: 'https://issuer.test',
    aud: 'api-gateway',
    sub: 'alice',
    tenant_id: 'acme',
    scope: 'orders.read',
  };
  const KEYS = { JWT_ISSUER: 'https://issuer.test', JWT_JWKS_URL: 'https://issuer.test/keys' };

  it.each<[string, Environment, readonly string[] | undefined]>([
    ['is one that AuthService is asked about', {}, undefined],
    ['has the rights of the scope without AuthService', { AUTH_SERVICE_URL: 'none' }, ['orders.read']],
    ['has them where the claim is named', { GATEWAY_JWT_CLAIM_PERMISSIONS: 'scope' }, ['orders.read']],
    ['has none where another one is named', { GATEWAY_JWT_CLAIM_PERMISSIONS: 'scp' }, []],
  ])('%s', async (_what, env, permissions) => {
    const principal = await new TokenBench({ ...KEYS, ...env }).verify(await TokenBench.sign(CLAIMS, 'at+jwt'));
    expect(principal.permissions).toEqual(permissions);
  });
});
