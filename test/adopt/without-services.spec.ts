import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, formatProblem } from '../../src/config/config-error.js';
import { parseEnvironment } from '../../src/config/environment.js';
import { startGateway, type RunningGateway } from '../../src/gateway.js';
import { createLogger } from '../../src/observe/logger.js';
import { compileProto, type CompiledProto } from '../support/compile-proto.js';
import { gatewayCommand } from '../support/gateway-command.js';
import { Scrape } from '../support/metrics.js';
import { OpenApiReader } from '../support/openapi.js';

/** Holds AuthService, UserService, TenantService and AIService, as a copy of all protos would. */
const BUILT_IN = fileURLToPath(new URL('../../src/gen/descriptors.binpb', import.meta.url));
const SHOP = fileURLToPath(new URL('shop/shop.module.ts', import.meta.url));
const SECRET = 'a secret of more than 32 bytes, really';

const ORDERS = `
service OrderService {
  rpc GetOrder(GetOrderRequest) returns (Order) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (google.api.http) = {get: "/api/v1/orders/{id}"};
    option (gateway.v1.policy) = {access: ACCESS_CONTROLLED, permissions: "order.read", meter: "order.get"};
  }
  // A path that a route of UserService has.
  rpc GetUser(GetOrderRequest) returns (Order) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (google.api.http) = {get: "/api/v1/users/{id}"};
    option (gateway.v1.policy) = {access: ACCESS_AUTHENTICATED};
  }
}
message GetOrderRequest { string id = 1; }
message Order { string id = 1; }`;

let proto: CompiledProto;
let backend: Server;
let env: Record<string, string>;
let gateway: RunningGateway;
const lines: Readonly<Record<string, unknown>>[] = [];

beforeAll(async () => {
  proto = compileProto(ORDERS);
  backend = new Server();
  env = {
    AUTH_SERVICE_URL: 'none',
    USER_SERVICE_URL: 'none',
    TENANT_SERVICE_URL: 'none',
    AI_SERVICE_URL: 'none',
    JWT_SECRET: SECRET,
    EXTRA_SERVICE_URL: `127.0.0.1:${await startBackend(backend, proto.path)}`,
    GATEWAY_DESCRIPTORS: `${proto.path},${BUILT_IN}`,
    API_GATEWAY_PORT: '0',
    GATEWAY_ADMIN_ADDR: '127.0.0.1:0',
    GATEWAY_EXPOSE_AUTHZ_DETAIL: 'true',
    GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT: '0s',
    GATEWAY_SHED_DELAY: '0s',
  };
  const config = parseEnvironment(env);
  const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>);
  gateway = await startGateway(config, createLogger(config, 'test', { write, dropped: 0 }));
});
afterAll(async () => {
  await gateway.drain();
  backend.forceShutdown();
  proto.remove();
});

async function startBackend(server: Server, set: string): Promise<number> {
  const { extra } = loadPackageDefinition(loadFileDescriptorSetFromBuffer(readFileSync(set))) as never as {
    extra: { v1: { OrderService: { service: never } } };
  };
  const answer = ({ request: { id } }: ServerUnaryCall<{ id: string }, unknown>, done: sendUnaryData<unknown>) =>
    done(null, { id });
  server.addService(extra.v1.OrderService.service, { GetOrder: answer, GetUser: answer });
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    );
  });
}

function token(claims: Record<string, unknown>): Promise<string> {
  return new SignJWT({ tenant_id: 'acme', ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject('alice')
    .setIssuer('https://issuer.test')
    .setAudience('api-gateway')
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(new TextEncoder().encode(SECRET));
}

async function get(path: string, headers: Record<string, string> = {}) {
  const response = await fetch(gateway.url + path, { headers });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function bearer(claims: Record<string, unknown>): Promise<Record<string, string>> {
  return { authorization: `Bearer ${await token(claims)}` };
}

describe('a gateway without AuthService, UserService, TenantService and AIService', () => {
  it('answers the routes of an own service by its tokens alone', async () => {
    expect(await get('/api/v1/orders/7', await bearer({ permissions: ['order.read'] }))).toEqual({
      status: 200,
      body: { id: '7' },
    });
    expect(await get('/api/v1/users/7', await bearer({}))).toEqual({ status: 200, body: { id: '7' } });
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['no credential', {}, /^Authentication is required/],
    ['an API key', { 'x-api-key': 'gw_0123456789abcdef' }, /^API keys and opaque tokens are not accepted here/],
    ['an opaque token', { authorization: 'Bearer 0123456789abcdef' }, /^API keys and opaque tokens are not accepted/],
    ['a session cookie', { cookie: '__Host-session=0123456789abcdef0123456789abcdef' }, /./],
    ['a token of nobody', { authorization: 'Bearer eyJhbGciOiJIUzI1NiJ9.e30.AAAA' }, /^invalid or expired token/],
  ])('refuses %s with 401', async (_, headers, detail) => {
    const { status, body } = await get('/api/v1/orders/7', headers);
    expect({ status, code: body['code'] }).toEqual({ status: 401, code: 'UNAUTHENTICATED' });
    expect(body['detail']).toMatch(detail);
  });

  it.each<[string, Record<string, unknown>]>([
    ['says nothing of rights', {}],
    ['has none', { permissions: [] }],
    ['has another', { permissions: ['order.write'] }],
  ])('denies a token that %s, since nobody can grant it more', async (_, claims) => {
    const { status, body } = await get('/api/v1/orders/7', await bearer(claims));
    expect(status).toBe(403);
    expect(body).toMatchObject({ code: 'PERMISSION_DENIED', detail: expect.stringMatching(/Missing: order\.read/) });
  });

  it.each([
    ['POST', '/api/v1/auth/login'],
    ['GET', '/api/v1/users'],
    ['GET', '/api/v1/tenants/acme'],
    ['POST', '/api/v1/ai/query'],
  ])('has no %s %s, whichever descriptor set describes it', async (method, path) => {
    const response = await fetch(gateway.url + path, { method, headers: await bearer({ permissions: ['*.*'] }) });
    expect(response.status).toBe(404);
  });

  it('says who is calling without the parts that nobody answers for', async () => {
    const { status, body } = await get('/api/v1/me', await bearer({ permissions: ['order.read'] }));
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(['principal', 'errors']);
    expect(body).toMatchObject({ principal: { subject: 'alice', tenantId: 'acme' }, errors: [] });
  });

  it.each(['/livez', '/startupz', '/readyz', '/health', '/healthz'])('is green at %s', async (path) => {
    expect((await fetch(gateway.url + path)).status).toBe(200);
  });

  it('names none of them in its health, its metrics and its log of problems', async () => {
    const health = await get('/healthz');
    expect(Object.keys(health.body['checks'] as object)).toEqual(['extra-service', 'signing-keys']);
    const text = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(text).toMatch(/gateway_upstream_up\{upstream="extra"\} 1/);
    expect(text).not.toMatch(/(?:upstream|component|service)="(?:auth|user|tenant|ai)[-"]/);
    const scrape = await Scrape.of(gateway.url);
    expect(scrape.sum('gateway_degraded')).toBe(0);
    expect(lines.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
  });

  it('has no rule that fires for what is absent, but for a gateway that is down', () => {
    const rules = readFileSync(new URL('../../runbooks/alerts/rules.yml', import.meta.url), 'utf8');
    expect(rules.match(/\babsent\w*\(.*$/gm)).toEqual(['absent(up{job="api-gateway"} == 1)']);
  });

  it('describes no more than it serves', async () => {
    const document = (await get('/openapi.json')).body;
    const reader = new OpenApiReader(document as never);
    const paths = Object.keys(document['paths'] as object).filter((path) => path.startsWith('/api/'));
    expect(paths.toSorted()).toEqual(['/api/v1/me', '/api/v1/orders/{id}', '/api/v1/users/{id}']);
    const references = [...reader.objects()].flatMap(({ $ref }) => (typeof $ref === 'string' ? [$ref] : []));
    expect(references.filter((reference) => reader.resolve(reference) === undefined)).toEqual([]);
  });

  it('warns of a meter that nobody reads', () => {
    expect(JSON.stringify(lines)).toContain('has a meter in its policy, but there is no TenantService');
  });

  it('is understood by the commands', async () => {
    const check = await gatewayCommand(['check'], env);
    expect(check).toMatchObject({
      exitCode: 0,
      out: expect.stringMatching(/auth +AUTH_SERVICE_URL is none: its routes/),
    });
    const routes = await gatewayCommand(['routes'], env);
    expect(routes.out.split('\n').map((line) => line.split(/ +/)[2])).toEqual([
      'RPC',
      'extra.v1.OrderService.GetOrder',
      'extra.v1.OrderService.GetUser',
    ]);
    const upstream = await gatewayCommand(['upstream', 'auth'], env);
    expect(upstream).toMatchObject({
      exitCode: 78,
      err: 'AUTH_SERVICE_URL is none: this deployment has no upstream "auth"',
    });
    const doctor = await gatewayCommand(['doctor'], env);
    expect(doctor).toMatchObject({ exitCode: 0, out: expect.stringMatching(/info +upstream tenant +address +TENANT/) });
    const triage = await gatewayCommand(['triage', '--metrics', gateway.url, '--url', gateway.adminUrl ?? ''], env);
    expect(triage).toMatchObject({ exitCode: 0 });
    expect(triage.out).not.toMatch(/auth|tenant/i);
  });
});

describe('a module that needs one of them is refused, and the setting named:', () => {
  it.each([
    [
      'a controller',
      { TENANT_SERVICE_URL: '127.0.0.1:1' },
      /ShopUserController is the controller of user\.v1\.User.*USER_/,
    ],
    ['a client', { USER_SERVICE_URL: '127.0.0.1:1' }, /provides a client of tenant\.v1\.TenantService, but TENANT_/],
  ])('%s', async (_, change, message) => {
    const config = parseEnvironment({ ...env, ...change, GATEWAY_MODULES: SHOP, GATEWAY_DESCRIPTORS: '' });
    const started = startGateway(config, createLogger(config, 'test', { write: () => undefined, dropped: 0 }));
    const error = await started.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).problems.map(formatProblem)).toEqual([expect.stringMatching(message)]);
  });
});
