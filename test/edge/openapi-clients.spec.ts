import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import openapiTS, { astToString } from 'openapi-typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OpenApiReader } from '../support/openapi.js';
import { startSsoGateway, type SsoGateway } from '../support/sso.js';

const ROOT = join(import.meta.dirname, '../..');
const PAGE = readFileSync(join(ROOT, 'docs/typed-clients.md'), 'utf8');

/** The client that the page shows. */
const CLIENT = /```ts\n([\s\S]*?)```/.exec(PAGE)?.[1] ?? '';

let gateway: SsoGateway;
let text: string;
let reader: OpenApiReader;
let folder: string;

beforeAll(async () => {
  gateway = await startSsoGateway({ env: { GATEWAY_DOCS_CONTACT: 'api@example.com' } });
  text = await (await fetch(`${gateway.url}/openapi.json`)).text();
  reader = new OpenApiReader(JSON.parse(text) as object);
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  folder = mkdtempSync(join(ROOT, '.cache/openapi-client-'));
  writeFileSync(join(folder, 'api.ts'), astToString(await openapiTS(text)));
  writeFileSync(join(folder, 'client.ts'), CLIENT);
});
afterAll(async () => {
  await gateway?.close();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

const OPTIONS = {
  ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, noEmit: true },
  ...{ module: 'nodenext', target: 'es2024', lib: ['es2024', 'dom'], types: [] },
};

/** Mistakes in the client, and what the compiler says of each. */
const MISTAKES: readonly (readonly [what: string, from: string, to: string, message: RegExp])[] = [
  ['a path', "'/api/v1/users/{userId}'", "'/api/v1/user/{userId}'", /api\/v1\/user\//],
  ['a parameter', 'pageSize: 1', 'pageCount: 1', /pageCount/],
  ['a type', 'body: { displayName }', 'body: { displayName: 7 }', /number/],
  ['an answer', 'data.displayName', 'data.nickname', /nickname/],
];

/** Returns the compiler's messages for each file, in strict mode. */
function compile(): Map<string, string[]> {
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: OPTIONS, include: ['*.ts'] }));
  for (const [index, [, from, to]] of MISTAKES.entries()) {
    expect(CLIENT).toContain(from);
    writeFileSync(join(folder, `mistake${index}.ts`), CLIENT.replace(from, to));
  }
  const { stdout } = spawnSync(join(ROOT, 'node_modules/.bin/tsc'), ['--pretty', 'false', '-p', '.'], { cwd: folder });
  const lines = stdout.toString().split('\n');
  return Map.groupBy(lines, (line) => /^(\w+)\.ts\(/.exec(line)?.[1] ?? '');
}

describe('the client of the page, with types of openapi-typescript', () => {
  let complaints: Map<string, string[]>;
  beforeAll(() => void (complaints = compile()));

  it('compiles under strict', () => {
    expect(CLIENT).toContain('createClient<paths>');
    expect([...complaints.keys()].filter((file) => /^(?:api|client)$/.test(file))).toEqual([]);
  });

  it.each(MISTAKES.map(([what, , , message], index) => [what, message, `mistake${index}`] as const))(
    'does not compile with a mistake in %s',
    (_what, message, file) => {
      expect(complaints.get(file)?.join('\n')).toMatch(message);
    },
  );

  it('calls the gateway', async () => {
    const { renameFirstUser } = (await import(join(folder, 'client.ts'))) as {
      readonly renameFirstUser: (baseUrl: string, token: string, displayName: string) => Promise<string>;
    };
    const token = await gateway.sandbox.issueToken('alice@acme.test');
    expect(await renameFirstUser(gateway.url, token, 'Ada')).toBe('Ada');
    await expect(renameFirstUser(gateway.url, 'nobody', 'Ada')).rejects.toThrow(/UNAUTHENTICATED/);
  });
});

describe('the document', () => {
  /** Rules of Redocly that are not kept, each with its reason. */
  const LEFT_OUT = {
    // The licence of an API is its owner's to choose.
    'info-license': 'off',
    // A path of literals goes before one with a variable, as OpenAPI says of concrete paths: /users/search, /users/{userId}.
    'no-ambiguous-paths': 'off',
    // Signing in answers with redirects alone.
    'operation-2xx-response': 'off',
    // The gateway of this test is at localhost.
    'no-server-example.com': 'off',
  } as const;

  it('has no findings of Redocly', async () => {
    const config = await createConfig({ extends: ['recommended'], rules: LEFT_OUT });
    const problems = await lintFromString({ source: text, absoluteRef: 'openapi.json', config });
    expect(problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer])).toEqual([]);
  });

  it('names each credential that a route takes', () => {
    const schemes = reader.resolve('#/components/securitySchemes') as Record<string, { name?: string }>;
    expect(Object.keys(schemes)).toEqual(['bearer', 'apiKey', 'session', 'csrf']);
    expect([schemes.apiKey?.name, schemes.session?.name, schemes.csrf?.name]).toEqual([
      'X-API-Key',
      '__Host-sid',
      'X-CSRF',
    ]);
    const any = [{ bearer: [] }, { apiKey: [] }];
    expect(reader.operation('UserService_GetUser').security).toEqual([...any, { session: [] }]);
    expect(reader.operation('UserService_DeleteUser').security).toEqual([...any, { session: [], csrf: [] }]);
    expect(reader.operation('Gateway_GetMe').security).toEqual([...any, { session: [] }]);
    expect(reader.operation('AuthService_Login').security).toEqual([]);
  });

  it('has the routes of single sign-on', () => {
    const own = reader.operations.filter(({ path }) => path.startsWith('/auth/'));
    expect(own.map(({ verb, path }) => `${verb} ${path}`)).toEqual([
      'get /auth/login',
      'get /auth/{provider}/login',
      'get /auth/{provider}/callback',
      'get /auth/session',
      'post /auth/logout',
      'get /auth/logout',
      'post /auth/backchannel-logout',
    ]);
  });

  it('names the headers of requests and answers where they apply', () => {
    const references = (id: string) =>
      (reader.operation(id).parameters ?? []).flatMap((each) =>
        '$ref' in each ? [String(each.$ref).split('/').at(-1)] : [],
      );
    expect(references('TenantService_GetTenantConfig')).toEqual(['RequestTimeout', 'IfNoneMatch']);
    expect(references('UserService_CreateUser')).toEqual(['RequestTimeout', 'IdempotencyKey']);
    expect(references('AuthService_Login')).toEqual(['RequestTimeout']);
    expect(references('AIService_StreamQuery')).toEqual(['RequestTimeout']);
    expect(reader.operation('TenantService_GetTenantConfig').responses['200']).toMatchObject({
      headers: { ETag: {}, RateLimit: {}, 'RateLimit-Policy': {}, 'X-Request-Id': {} },
    });
    expect(reader.resolve('#/components/responses/Problem429')).toMatchObject({ headers: { 'Retry-After': {} } });
  });

  it('has no component that nothing leads to', () => {
    const { components } = JSON.parse(text) as { components: Record<string, object> };
    const names = Object.entries(components).flatMap(([kind, all]) =>
      Object.keys(all).map((name) => `${kind}/${name}`),
    );
    const isUnused = (name: string) => !name.startsWith('security') && !text.includes(`"#/components/${name}"`);
    expect(names.filter(isUnused)).toEqual([]);
    expect(names).not.toContain('responses/Problem405');
  });

  it('says whom to ask', () => {
    expect(reader.resolve('#/info/contact')).toEqual({ name: 'Operators of this API', email: 'api@example.com' });
  });
});

describe('the schema of a request', () => {
  it('takes null for an absent value, and one field of a oneof', () => {
    const schema = reader.schema('ai.v1.ProcessQueryResponse');
    expect(schema).toMatchObject({ not: { required: expect.any(Array) } });
    expect(reader.schema('user.v1.User-request').properties).toMatchObject({
      displayName: { type: ['string', 'null'] },
    });
    expect(reader.schema('user.v1.User').properties).toMatchObject({ displayName: { type: 'string' } });
  });
});
