import { METHODS } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildRouteTable } from '../../src/contract/route-table.js';
import { Client } from '../support/client.js';
import { compileProto } from '../support/compile-proto.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { type GrpcBackend, grpcBackend } from '../support/grpc-backend.js';
import { sendRequest } from '../support/raw-http.js';

/** Verbs that are rejected at startup; all others can be bound. */
const REFUSED = ['CONNECT', 'TRACE', 'M-SEARCH', 'HEAD', 'OPTIONS'];
const VERBS = METHODS.filter((verb) => !REFUSED.includes(verb));
const rpcOf = (verb: string) => `Do${verb}`;

const binding = (kind: string, path: string) => {
  const body = kind.toUpperCase() === 'GET' ? '' : 'body: "*"';
  return `{custom: {kind: "${kind}", path: "${path}"} ${body}}`;
};
const rpc = (name: string, http: string) => `
  rpc ${name}(google.protobuf.Empty) returns (google.protobuf.Empty) {
    option (google.api.http) = ${http};
    option (gateway.v1.policy) = {access: ACCESS_AUTHENTICATED};
  }`;

const proto = compileProto(`service ExtraService {
${VERBS.map((verb, n) => rpc(rpcOf(verb), binding(n % 2 === 0 ? verb : verb.toLowerCase(), '/extra/v1/thing'))).join('')}
${rpc('PurgeTree', binding('PURGE', '/extra/v1/tree/**'))}
}`);

let backend: GrpcBackend;
let gateway: TestGateway;
let token: string;
let called: string[] = [];

beforeAll(async () => {
  const names = proto.service('ExtraService').methods.map(({ name }) => name);
  const take = (name: string) => () => {
    called.push(name);
    return Buffer.alloc(0);
  };
  backend = await grpcBackend({
    unary: Object.fromEntries(names.map((name) => [`/extra.v1.ExtraService/${name}`, take(name)])),
  });
  const env = { GATEWAY_DESCRIPTORS: proto.path, EXTRA_SERVICE_URL: backend.target, GATEWAY_HEALTH_INTERVAL: '1h' };
  gateway = await startTestGateway({ env });
  ({ token } = await Client.of(gateway, 'alice@acme.test'));
});
afterAll(async () => {
  await gateway.close();
  backend.close();
  proto.remove();
});
beforeEach(() => void (called = []));

/** A QUERY has content by its definition. */
const send = (method: string, target: string) =>
  sendRequest(gateway.url, { method, target, token, ...(method === 'QUERY' && { body: '{}' }) });

describe('every method that a binding may have', () => {
  it.each(VERBS)('%s is served under itself', async (method) => {
    const { status } = await send(method, '/extra/v1/thing');
    expect([status, called]).toEqual([200, [rpcOf(method)]]);
    expect((await send(method, '/extra/v1/nothing')).status).toBe(404);
  });

  it.each(VERBS)('%s is not served for the paths of another', async (method) => {
    const { status } = await send(method, '/extra/v1/tree/a/b');
    expect([status, called]).toEqual(method === 'PURGE' ? [200, ['PurgeTree']] : [405, []]);
  });

  it('is among the methods of its path', async () => {
    const { headers } = await fetch(`${gateway.url}/extra/v1/thing`, { method: 'OPTIONS' });
    const allowed = (headers.get('allow') ?? '').split(', ').toSorted();
    expect(allowed).toEqual([...VERBS, 'HEAD', 'OPTIONS'].toSorted());
  });
});

describe('a method that no binding may have', () => {
  it.each([...REFUSED, 'head', 'options', 'FETCH', 'GET ', '', '*', 'ALL', '5'])('refuses to boot: %j', (kind) => {
    const bad = compileProto(`service ExtraService {${rpc('Do', binding(kind, '/extra/v1/thing'))}}`);
    try {
      const { routes, problems } = buildRouteTable([bad.service('ExtraService')]);
      expect([routes, problems.length]).toEqual([[], 1]);
      expect(problems[0]?.message).toMatch(/no HTTP method that can be routed|is not supported/);
    } finally {
      bad.remove();
    }
  });
});
