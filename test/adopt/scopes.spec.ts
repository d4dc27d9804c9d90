import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSandbox } from '../../sandbox/environment.js';
import { Client } from '../support/client.js';
import { lineOf, startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectFetchProblem } from '../support/problem.js';

const settings = (module: string) => ({
  GATEWAY_MODULES: join(import.meta.dirname, module),
  SHAPES_SERVICE_URL: '127.0.0.1:1',
});

describe('the guard of a controller', () => {
  let gateway: TestGateway;
  let alice: Client;
  beforeAll(async () => {
    gateway = await startTestGateway({ env: settings('guarded-shapes.module.ts'), waitUntilReady: false });
    alice = await Client.of(gateway, 'alice@acme.test');
  });
  afterAll(() => gateway.close());

  it.each([
    ['a route that Nest dispatches', '/shapes/v1/shapes/default'],
    ['a route that the matcher dispatches', '/shapes/v1/files/a/b'],
    ['a custom verb behind any number of segments', '/shapes/v1/files/a/b:download'],
  ])('holds for %s', async (_what, path) => {
    const response = await alice.get(path);
    await expectFetchProblem(response, 'PERMISSION_DENIED');
    expect(await lineOf(gateway, response)).toMatchObject({ outcome: 'deny', decision_reason: 'GUARD_DENIED' });
  });
});

describe('a guard that is made for each request', () => {
  it('runs in the router context of Nest', async () => {
    const gateway = await startTestGateway({ env: settings('scoped-users.module.ts') });
    const alice = await Client.of(gateway, 'alice@acme.test');
    const responses = [await alice.get('/api/v1/users'), await alice.get('/api/v1/users')];
    expect(responses.map(({ status, headers }) => [status, headers.get('x-guard')])).toEqual([
      [200, '1'],
      [200, '2'],
    ]);
    expect(responses[0]!.headers.get('ratelimit')).toContain('"tenant"');
    await gateway.close();
  });

  it('is refused at the start where Nest does not dispatch', async () => {
    const sandbox = await startSandbox({ faultServer: false, idp: false });
    const starting = startTestGateway({ sandbox, env: settings('scoped-shapes.module.ts') });
    await expect(starting).rejects.toThrow(
      'GATEWAY_MODULES: ScopedShapesController is made anew for each request, and GET /shapes/v1/files/{path=**} is not',
    );
    await sandbox.close();
  });
});

describe('a route that names an upstream of which the settings know nothing', () => {
  it('is refused at the start, with the names that it could have', async () => {
    const sandbox = await startSandbox({ faultServer: false, idp: false });
    const starting = startTestGateway({ sandbox, env: settings('misnamed-upstream.module.ts') });
    const refusal = await starting.then(() => '', String);
    expect(refusal).toContain(
      "@Upstream('usr') of MisnamedController.misspelled names no upstream; name one with a <NAME>_SERVICE_URL: perhaps user",
    );
    expect(refusal).toContain(
      "@Upstream('orders') of MisnamedController.unknown names no upstream; name one with a <NAME>_SERVICE_URL: auth, user, tenant, ai",
    );
    await sandbox.close();
  });
});
