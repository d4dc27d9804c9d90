import { join } from 'node:path';
import { UseGuards } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { controllerFault, controlledService, RpcController } from '../../src/edge/rpc-controller.js';
import { UserService } from '../../src/gen/user/v1/user_pb.js';
import { Client } from '../support/client.js';
import { lineOf, startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectFetchProblem } from '../support/problem.js';

const ALICE = '/api/v1/users/acme-alice';

let gateway: TestGateway;
let alice: Client;
beforeAll(async () => {
  gateway = await startTestGateway({ env: { GATEWAY_MODULES: join(import.meta.dirname, 'wild/inherited.module.ts') } });
  alice = await Client.of(gateway, 'alice@acme.test');
});
afterAll(() => gateway.close());

describe('an explicit method', () => {
  it.each(['PATCH', 'PUT', 'DELETE'])('that is inherited keeps its guard for %s', async (verb) => {
    await expectFetchProblem(await alice.send(verb, ALICE, verb === 'DELETE' ? undefined : {}), 'PERMISSION_DENIED');
  });

  it('may return an Observable of the response message, which is written and redacted as its bytes are', async () => {
    const response = await alice.get(ALICE);
    expect(response.status).toBe(200);
    const user = (await response.json()) as object;
    expect(user).toMatchObject({ id: 'acme-alice', displayName: 'Inherited' });
    expect(user).not.toHaveProperty('$typeName');
    expect(user).not.toHaveProperty('passwordHash');
  });

  it('may return nothing', async () => {
    const response = await alice.get('/api/v1/users/search?query=a');
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  it('that returns what JSON cannot hold fails, and the log says so', async () => {
    const response = await alice.get('/api/v1/users');
    await expectFetchProblem(response, 'INTERNAL');
    expect(JSON.stringify(await lineOf(gateway, response))).toContain('explicit method');
  });
});

describe('an interceptor that is made for each request', () => {
  it('has what it makes of the response sent', async () => {
    const response = await alice.get('/api/v1/tenants/acme');
    expect([response.status, await response.json()]).toMatchObject([200, { scoped: { id: 'acme' } }]);
  });

  it('may answer itself', async () => {
    const response = await alice.get('/api/v1/tenants');
    expect([response.status, await response.json()]).toEqual([200, { known: true }]);
  });
});

describe('a controller is refused', () => {
  const guarded = UseGuards({ canActivate: () => false });

  it('for a guard at a method that is not an RPC', () => {
    class Stray {
      getUser(): void {
        // Nobody calls it.
      }
    }
    guarded(Stray.prototype, 'getUser', Object.getOwnPropertyDescriptor(Stray.prototype, 'getUser')!);
    expect(() => RpcController(UserService)(Stray)).toThrow(
      'Stray.getUser has guards, interceptors or filters and is not an RPC of user.v1.UserService: is GetUser meant?',
    );
  });

  it('for an explicit method that is a property, and for a subclass that is not decorated', () => {
    class Property {
      GetUser = (): void => undefined;
    }
    RpcController(UserService)(Property);
    const fault = (instance: object) => controllerFault(instance, controlledService(instance.constructor)!);
    expect(fault(new Property())).toBe('Property.GetUser is a property: make it a method');
    class Plain {
      helper(): void {
        // Not an RPC, and without decorators.
      }
    }
    RpcController(UserService)(Plain);
    class PlainSubclass extends Plain {
      GetUser(): void {
        // It would not be called.
      }
    }
    expect(fault(new Plain())).toBeUndefined();
    expect(fault(new PlainSubclass())).toMatch(/^PlainSubclass extends a controller of user.v1.UserService/);
  });
});
