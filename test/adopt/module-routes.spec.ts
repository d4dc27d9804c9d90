import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../../src/cli/program.js';
import { startSandbox } from '../../sandbox/environment.js';
import { Client } from '../support/client.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectFetchProblem } from '../support/problem.js';

const module = (name: string) => join(import.meta.dirname, 'wild', `${name}.module.ts`);

let gateway: TestGateway;
let alice: Client;
beforeAll(async () => {
  gateway = await startTestGateway({ env: { GATEWAY_MODULES: module('middleware') } });
  alice = await Client.of(gateway, 'alice@acme.test');
});
afterAll(() => gateway.close());

async function command(name: string, ...args: string[]): Promise<string> {
  const out: string[] = [];
  const terminal = { out: (line: string) => void out.push(line), err: (line: string) => void out.push(line) };
  await run(args, terminal as never, { ...gateway.sandbox.gatewayEnv(), GATEWAY_MODULES: module(name) });
  return out.join('\n');
}

it.each(['/api/v1/users', '/shelf/inherited'])('middleware of a module runs before %s', async (path) => {
  expect((await alice.get(path)).status).toBe(200);
  await expectFetchProblem(await alice.get(path, { 'x-hours': 'closed' }), 'UNAUTHENTICATED');
});

it('inherited routes of an ordinary controller are explained', async () => {
  expect(await command('middleware', 'explain', 'GET', '/shelf/inherited')).toContain('by the gateway itself');
});

it('routes that would take requests of generated ones are refused at the start and by check, in the same words', async () => {
  const checked = await command('clashing', 'check');
  const said = [
    'GET "/api/v1/users/{user_id}" is a path of the gateway itself (GET /api/v1/users/{id})',
    'GET "/api/v1/tenants" is a path of the gateway itself (ALL /api/v1/tenants)',
    'ClashingController has the path GET /api/v1/*rest',
  ];
  for (const text of said) expect(checked).toContain(text);
  const sandbox = await startSandbox({ faultServer: false, idp: false });
  const starting = startTestGateway({ sandbox, env: { GATEWAY_MODULES: module('clashing') } });
  const error = await starting.catch((reason: unknown) => reason);
  await sandbox.close();
  expect(error).toBeInstanceOf(AggregateError);
  const started = (error as AggregateError).errors.map((each: { problems: unknown }) => JSON.stringify(each.problems));
  for (const text of said) expect(started.join('\n').replaceAll('\\"', '"')).toContain(text);
});
