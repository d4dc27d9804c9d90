import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../src/cli/program.js';
import { callAdmin } from '../support/admin.js';
import { compileProto, type CompiledProto } from '../support/compile-proto.js';
import { ReloadFixture } from '../support/reload-fixture.js';

const PAGE = readFileSync(new URL('../../docs/policy-file.md', import.meta.url), 'utf8');

let directory: string;
let path: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'policy-file-'));
  path = join(directory, 'api.yaml');
});
afterAll(() => rmSync(directory, { recursive: true }));

describe('a running gateway', () => {
  const RULES = (template: string, access = 'ACCESS_OPEN') =>
    `http:\n  rules:\n  - {selector: extra.v1.BookService.GetOld, get: ${template}}\n` +
    `policy:\n  rules:\n  - {selector: extra.v1.BookService.GetOld, access: ${access}}\n`;
  let fixture: ReloadFixture;
  beforeAll(async () => {
    writeFileSync(path, RULES('/extra/v1/ancient'));
    fixture = await ReloadFixture.start({ GATEWAY_POLICY_FILE: path });
    fixture.settings = { GATEWAY_POLICY_FILE: path };
  });
  afterAll(() => fixture.close());

  const statusOf = async (url: string) => (await fetch(fixture.gateway.url + url)).status;
  const reload = () => callAdmin(fixture.gateway, 'POST', '/admin/reload');

  it('serves what the file says in place of the proto, and says so at the start', async () => {
    expect([await statusOf('/extra/v1/ancient'), await statusOf('/extra/v1/old')]).toEqual([200, 404]);
    expect(await statusOf('/extra/v1/books/1')).toBe(200);
    const warnings = fixture.gateway.lines.map(({ msg }) => String(msg));
    expect(warnings.join('\n')).toMatch(
      /api\.yaml:3: extra\.v1\.BookService\.GetOld: overrides google\.api\.http of the proto/,
    );
  });

  it('reads the file anew when it is reloaded', async () => {
    writeFileSync(path, RULES('/extra/v1/antique', 'ACCESS_AUTHENTICATED'));
    const response = await reload();
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      routesAdded: ['GET /extra/v1/antique'],
      routesRemoved: ['GET /extra/v1/ancient'],
    });
    expect([await statusOf('/extra/v1/antique'), await statusOf('/extra/v1/ancient')]).toEqual([401, 404]);
    expect((await fixture.alice.get('/extra/v1/antique')).status).toBe(200);
  });

  it('keeps what is in force when the file has a mistake, and names its line', async () => {
    writeFileSync(path, `${RULES('/extra/v1/antique')}    acess: x\n`);
    const response = await reload();
    expect(response.status).toBe(400);
    expect(JSON.stringify(await response.json())).toContain(`${path}:7: `);
    expect(await statusOf('/extra/v1/antique')).toBe(401);
  });
});

describe('the example of docs/policy-file.md', () => {
  let proto: CompiledProto;
  beforeAll(() => {
    proto = compileProto(`
message Order { string id = 1; string tenant_id = 2; string internal_note = 3; }
message GetOrderRequest { string order_id = 1; string customer_id = 2; string tenant_id = 3; }
message CreateOrderRequest { Order order = 1; }
message CreateOrderResponse { Order order = 1; }
service OrderService {
  rpc GetOrder(GetOrderRequest) returns (Order);
  rpc CreateOrder(CreateOrderRequest) returns (CreateOrderResponse);
  rpc DeleteOrder(GetOrderRequest) returns (Order);
}`);
    const [, example = ''] = /```yaml\n([\s\S]*?)```/.exec(PAGE) ?? [];
    writeFileSync(path, example.replaceAll('acme.orders.v1', 'extra.v1'));
  });
  afterAll(() => proto.remove());

  async function gateway(...args: string[]) {
    const lines: string[] = [];
    const add = (line: string) => void lines.push(line);
    const env = {
      AUTH_SERVICE_URL: 'localhost:1',
      USER_SERVICE_URL: 'localhost:2',
      TENANT_SERVICE_URL: 'localhost:3',
      EXTRA_SERVICE_URL: 'localhost:4',
      JWT_SECRET: 'a secret of more than 32 bytes, really',
      GATEWAY_DESCRIPTORS: proto.path,
    };
    const exitCode = await run([...args, '--policy', path], { out: add, err: add }, env);
    return { exitCode, text: lines.join('\n') };
  }

  it('is sound, and exposes what it names alone', async () => {
    expect(await gateway('check')).toMatchObject({ exitCode: 0, text: expect.not.stringContaining('warning') });
    const { text } = await gateway('routes');
    const routes = text.split('\n').filter((line) => line.includes('extra.v1'));
    expect(routes.map((line) => line.split(/ +/).slice(0, 5).join(' '))).toEqual([
      'GET /v1/orders/{order_id} extra.v1.OrderService.GetOrder ACCESS_CONTROLLED orders.read',
      'GET /v1/customers/{customer_id}/orders/{order_id} extra.v1.OrderService.GetOrder ACCESS_CONTROLLED orders.read',
      'POST /v1/orders extra.v1.OrderService.CreateOrder ACCESS_CONTROLLED orders.create',
    ]);
  });

  it('is explained with the lines that it is in', async () => {
    const { text } = await gateway('explain', 'GET', '/v1/orders/7');
    expect(text).toMatch(/rules +api\.yaml:5, api\.yaml:15 \(in place of the proto's\)/);
    expect(text).toMatch(/retry +3 attempts, first pause 100ms/);
    expect(text).toMatch(/redacted +internal_note/);
  });

  it('with a mistake is refused by gateway check', async () => {
    writeFileSync(path, readFileSync(path, 'utf8').replace('permissions:', 'permisions:'));
    const { exitCode, text } = await gateway('check');
    expect(exitCode).toBe(78);
    expect(text).toContain('api.yaml:17: "permisions" is not a field of gateway.v1.Policy: did you mean permissions?');
  });
});
