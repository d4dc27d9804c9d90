import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { Inject, Module } from '@nestjs/common';
import type { ClientGrpc } from '@nestjs/microservices';
import { firstValueFrom, type Observable, toArray } from 'rxjs';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startSandbox } from '../../sandbox/environment.js';
import { TenantModule } from '../../src/api/tenant/tenant.module.js';
import { AppModule } from '../../src/app.module.js';
import { provideClientGrpc } from '../../src/edge/client/client-grpc.provider.js';
import type { ServiceClient } from '../../src/edge/client/service-client.js';
import type { RpcCall } from '../../src/edge/rpc-call.js';
import { RpcController } from '../../src/edge/rpc-controller.js';
import { AIService } from '../../src/gen/ai/v1/ai_pb.js';
import { GetTenantRequestSchema, TenantSchema, TenantService } from '../../src/gen/tenant/v1/tenant_pb.js';
import { UserService } from '../../src/gen/user/v1/user_pb.js';
import { Protection } from '../../src/traffic/protection.js';
import { BackendView } from '../support/backend-view.js';
import { Client } from '../support/client.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectFetchProblem } from '../support/problem.js';
import { untilPasses } from '../support/until.js';

/** Behavior of the explicit method, set by each test. */
let override: (clients: TenantController, call: RpcCall) => ReturnType<TenantController['GetTenant']>;

@RpcController(TenantService)
class TenantController {
  readonly users: ServiceClient<typeof UserService>;
  readonly tenants: ServiceClient<typeof TenantService>;
  readonly ai: ServiceClient<typeof AIService>;

  constructor(@Inject('BACKENDS') readonly client: ClientGrpc) {
    this.users = client.getService('UserService');
    this.tenants = client.getService('tenant.v1.TenantService');
    this.ai = client.getService('AIService');
  }

  async GetTenant(call: RpcCall): Promise<Uint8Array | string | readonly string[]> {
    return override(this, call);
  }
}

@Module({
  controllers: [TenantController],
  providers: [provideClientGrpc('BACKENDS', UserService, TenantService, AIService)],
})
class OverridingModule {}

/** Starts gateways with that module in the place of the gateway's own. */
function mountModule(): void {
  const create = AppModule.create.bind(AppModule);
  vi.spyOn(AppModule, 'create').mockImplementation((parts) => {
    const module = create(parts);
    const imports = module.imports?.map((each) => (each === TenantModule ? OverridingModule : each)) ?? [];
    return { ...module, imports };
  });
}

describe.each(['http2', 'grpc-js'])('ClientGrpc in an explicit method, over %s', (transport) => {
  let gateway: TestGateway;
  let backends: BackendView;
  let alice: Client;

  beforeAll(async () => {
    mountModule();
    const sandbox = await startSandbox({ faultServer: false, idp: false });
    const env = { GATEWAY_GRPC_TRANSPORT: transport, GATEWAY_HEALTH_INTERVAL: '1h' };
    gateway = await startTestGateway({ sandbox, env });
    alice = await Client.of(gateway, 'alice@acme.test');
    await alice.get('/api/v1/users');
    backends = new BackendView(gateway.sandbox);
  });
  afterAll(async () => {
    vi.restoreAllMocks();
    await gateway.close();
  });
  beforeEach(() => backends.clear());

  const ask = (headers: Record<string, string> = {}): Promise<Response> => alice.get('/api/v1/tenants/acme', headers);

  it('answers with the messages of a service, which is told who calls and how long there is time', async () => {
    override = async ({ users }) => {
      const list = await firstValueFrom(users.listUsers({ pageSize: 2 }));
      return list.users.map(({ email }) => email);
    };
    const response = await ask({ 'x-request-timeout': '1500ms', 'x-request-id': 'from-a-test' });
    expect(await response.json()).toEqual([
      expect.stringMatching(/@acme\.test$/),
      expect.stringMatching(/@acme\.test$/),
    ]);
    const [{ call, request } = expect.fail('no call came')] = backends.calls;
    expect(call).toMatchObject({ method: '/user.v1.UserService/ListUsers', outcome: 'OK' });
    expect(request).toMatchObject({ pageSize: 2 });
    expect(call.metadata).toMatchObject({
      'x-gateway-tenant': ['acme'],
      'x-gateway-auth-method': ['jwt'],
      'x-request-id': ['from-a-test'],
      traceparent: [expect.any(String)],
    });
    expect(call.deadlineMs).toBeGreaterThan(0);
    expect(call.deadlineMs).toBeLessThanOrEqual(1_501);
  });

  it('may send a message of its own in the place of the generated call, whose writer then answers', async () => {
    override = async ({ tenants }, call) => {
      const request = fromBinary(GetTenantRequestSchema, call.request);
      const tenant = await firstValueFrom(tenants.getTenant(request));
      return toBinary(TenantSchema, { ...tenant, name: 'renamed' });
    };
    expect(await (await ask()).json()).toMatchObject({ id: 'acme', name: 'renamed' });
  });

  it('gives the messages of a stream', async () => {
    override = async ({ ai }) => {
      const events = await firstValueFrom(ai.streamQuery({ query: 'hello' }).pipe(toArray()));
      return events.map(({ event }) => String(event.case));
    };
    const kinds = (await (await ask()).json()) as string[];
    expect(kinds.length).toBeGreaterThan(1);
    expect(kinds.at(-1)).toBe('answer');
  });

  it('fails of what the service answers, as the generated call does', async () => {
    override = async ({ users }) => (await firstValueFrom(users.getUser({ userId: 'nobody' }))).email;
    await expectFetchProblem(await ask(), 'NOT_FOUND');
  });

  it('is refused by an open circuit, and the service hears nothing', async () => {
    const { breakers } = gateway.gateway.app.get(Protection);
    breakers.open('user');
    override = async ({ users }) => (await firstValueFrom(users.getUser({ userId: 'u1' }))).email;
    await expectFetchProblem(await ask(), 'CIRCUIT_OPEN');
    expect(backends.calls).toEqual([]);
    breakers.reset('user');
  });

  it('makes no call before it is subscribed to, and ends it when nobody listens any more', async () => {
    override = async ({ ai }) => {
      const events: Observable<unknown> = ai.streamQuery({ query: 'hello' });
      await firstValueFrom(events);
      return 'enough';
    };
    expect(await (await ask()).json()).toBe('enough');
    await untilPasses(() => expect(gateway.sandbox.calls.list().at(-1)).toMatchObject({ cancelled: true }));
    override = async ({ users }) => {
      users.getUser({ userId: 'u1' });
      return 'nothing';
    };
    backends.clear();
    expect(await (await ask()).json()).toBe('nothing');
    expect(backends.calls).toEqual([]);
  });

  it('knows the request of each of many that are under way at once', async () => {
    const callers = await Promise.all(['alice@acme.test', 'carol@globex.test'].map((user) => Client.of(gateway, user)));
    override = async ({ users }) => {
      await new Promise(setImmediate);
      const list = await firstValueFrom(users.listUsers({ pageSize: 1 }));
      return list.users.map(({ tenantId }) => tenantId);
    };
    const asked = Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? 'acme' : 'globex'));
    const answers = asked.map(async (tenant, n) => (await callers[n % 2]!.get(`/api/v1/tenants/${tenant}`)).json());
    expect(await Promise.all(answers)).toEqual(asked.map((tenant) => [tenant]));
  });

  it('outside of a request asks for one, and has no bare client', () => {
    const { client, users } = gateway.gateway.app.get(TenantController);
    expect(() => users.getUser({ userId: 'u1' })).toThrow('give it the context of its request');
    expect(() => client.getService('Nobody')).toThrow(
      'There is no service "Nobody" in this client: it has UserService',
    );
    expect(() => client.getClientByServiceName('UserService')).toThrow('use getService("UserService")');
  });
});
