import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseEnvironment } from '../../src/config/environment.js';
import { startGateway, type RunningGateway } from '../../src/gateway.js';
import { createLogger } from '../../src/observe/logger.js';
import { pathOf, serviceSet, type ServiceSet } from '../support/named-services.js';

const ORDERS = 'acme.orders.v1.OrderService';
const BILLING = 'acme.billing.v1.BillingService';
const ARCHIVE = 'acme.billing.v2.BillingService';
const PARTNER = 'partner.billing.v1.BillingService';
const PEOPLE = 'user.v1.UserService';
const SERVICES = [ORDERS, BILLING, ARCHIVE, PARTNER, PEOPLE];

/** A backend that answers each RPC of every service with its own name. */
class NamedBackend {
  private readonly server = new Server();
  address = '';

  constructor(private readonly name: string) {}

  async start(): Promise<void> {
    const bytes = { deserialize: (buffer: Buffer) => buffer, serialize: (buffer: Buffer) => buffer };
    const answer = (_call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) =>
      done(null, Buffer.concat([Buffer.from([0x0a, this.name.length]), Buffer.from(this.name)]));
    for (const service of SERVICES) {
      const Get = {
        path: `/${service}/Get`,
        requestStream: false,
        responseStream: false,
        requestDeserialize: bytes.deserialize,
        requestSerialize: bytes.serialize,
        responseDeserialize: bytes.deserialize,
        responseSerialize: bytes.serialize,
      };
      this.server.addService({ Get }, { Get: answer });
    }
    const port = await new Promise<number>((resolve, reject) => {
      this.server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    this.address = `127.0.0.1:${port}`;
  }

  stop(): void {
    this.server.forceShutdown();
  }
}

const backends = ['orders', 'invoices', 'partners', 'people'].map((name) => new NamedBackend(name));
const [orders, invoices, partners, people] = backends as [NamedBackend, NamedBackend, NamedBackend, NamedBackend];
let set: ServiceSet;

beforeAll(async () => {
  set = serviceSet(
    { name: ORDERS },
    { name: BILLING, upstream: 'invoices' },
    { name: ARCHIVE },
    { name: PARTNER, upstream: 'partner' },
    { name: PEOPLE },
  );
  for (const backend of backends) await backend.start();
});
afterAll(() => {
  for (const backend of backends) backend.stop();
  set.remove();
});

describe.each(['http2', 'grpc-js'])('over %s', (transport) => {
  const lines: Readonly<Record<string, unknown>>[] = [];
  let gateway: RunningGateway;
  let names =
    'acme.billing.v2=billing,acme.billing.v2.BillingService=orders,partner.billing.v1=partners,user.v1=people';

  beforeAll(async () => {
    const read = () => ({
      AUTH_SERVICE_URL: 'none',
      USER_SERVICE_URL: 'none',
      TENANT_SERVICE_URL: 'none',
      JWT_SECRET: 'a secret of more than 32 bytes, really',
      GATEWAY_DESCRIPTORS: set.path,
      GATEWAY_UPSTREAMS: names,
      GATEWAY_GRPC_TRANSPORT: transport,
      ORDERS_SERVICE_URL: orders.address,
      INVOICES_SERVICE_URL: invoices.address,
      PARTNERS_SERVICE_URL: partners.address,
      PEOPLE_SERVICE_URL: people.address,
      API_GATEWAY_PORT: '0',
      GATEWAY_ADMIN_ADDR: '127.0.0.1:0',
      GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT: '0s',
      GATEWAY_SHED_DELAY: '0s',
    });
    const config = parseEnvironment(read());
    const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>);
    gateway = await startGateway(config, createLogger(config, 'test', { write, dropped: 0 }), {
      initial: read(),
      read,
    });
  });
  afterAll(() => gateway.drain());

  const answerOf = async (service: string) => (await fetch(gateway.url + pathOf(service))).json();

  it.each([
    ['its package', ORDERS, 'orders'],
    ['its option', BILLING, 'invoices'],
    ['a setting for it alone', ARCHIVE, 'orders'],
    ['a setting for its package, over its option', PARTNER, 'partners'],
    ['a setting, where a service of the build has the same name', PEOPLE, 'people'],
  ])('a service is called at the upstream of %s', async (_, service, backend) => {
    expect(await answerOf(service)).toEqual({ text: backend });
  });

  it('the admin listener says which services an upstream has', async () => {
    const { upstreams } = (await (await fetch(`${gateway.adminUrl}/admin/upstreams`)).json()) as {
      upstreams: { upstream: string; services: string[] }[];
    };
    expect(Object.fromEntries(upstreams.map(({ upstream, services }) => [upstream, services]))).toEqual({
      orders: [ORDERS, ARCHIVE],
      invoices: [BILLING],
      partners: [PARTNER],
      people: [PEOPLE],
    });
  });

  it('a start tells of an option that the setting contradicts', () => {
    const warnings = lines.filter(({ level }) => level === 'warn').map(({ msg }) => String(msg));
    expect(warnings.filter((text) => text.includes('GATEWAY_UPSTREAMS'))).toEqual([
      expect.stringContaining(`sends ${PARTNER} to "partners", although its proto says "partner": the setting wins`),
    ]);
  });

  it('a reload refuses an upstream that has no address', async () => {
    const kept = names;
    names = kept.replace('partner.billing.v1=partners', 'partner.billing.v1=nowhere');
    const detail = expect.stringMatching(/^NOWHERE_SERVICE_URL: is not set/) as string;
    await expect(gateway.reload()).rejects.toMatchObject({ errors: [{ field: 'NOWHERE_SERVICE_URL', detail }] });
    names = kept;
    expect(await answerOf(PARTNER)).toEqual({ text: 'partners' });
  });

  it('a reload sends a package to another upstream', async () => {
    names = names.replace('partner.billing.v1=partners', 'partner.billing.v1=invoices');
    expect(await gateway.reload()).toMatchObject({ settings: ['GATEWAY_UPSTREAMS'], needRestart: [] });
    expect(await answerOf(PARTNER)).toEqual({ text: 'invoices' });
    expect(await answerOf(ORDERS)).toEqual({ text: 'orders' });
  });
});
