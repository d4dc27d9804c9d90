import { afterEach, describe, expect, it } from 'vitest';
import { entries, grpcBackend, type GrpcBackend } from '../../test/support/grpc-backend.js';
import { getUserCall, type Open, TRANSPORTS, upstreamConfig } from '../../test/support/transport.js';
import { CallContext } from '../domain/call-context.js';
import type { Principal } from '../domain/principal.js';
import { callMetadata } from './metadata.js';
import type { CallMetadata } from './transport.js';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

const ALICE: Principal = Object.freeze({
  subject: 'alice',
  tenantId: 'acme',
  identityType: 'user',
  authMethod: 'jwt',
  issuer: 'https://issuer',
  roles: ['member'],
  permissions: ['user.read', 'tenant:admin:own'],
  expiresAt: Infinity,
  tokenId: 'secret-token-id',
});

function contextOf(principal?: Partial<Principal>): CallContext {
  const context = new CallContext('req-1', { traceparent: TRACEPARENT, tracestate: '' }, 0, 1_000);
  context.principal = principal === undefined ? undefined : { ...ALICE, ...principal };
  return context;
}

let backend: GrpcBackend | undefined;
afterEach(() => backend?.close());

/** What a backend receives of a call's metadata. */
async function received(open: Open, metadata: CallMetadata): Promise<Record<string, unknown>> {
  let seen: Record<string, unknown> = {};
  backend = await grpcBackend({
    unary: {
      '/user.v1.UserService/GetUser': (call) => {
        seen = entries(call.metadata);
        return call.request;
      },
    },
  });
  const transport = open(upstreamConfig(backend.target));
  await transport.unary(getUserCall({ metadata }));
  transport.close();
  return seen;
}

const GRPC_OWN = { 'user-agent': expect.stringMatching(/^api-gateway/) as string };

describe.each(TRANSPORTS)('what a backend is told of the caller over $name', ({ open }) => {
  it('is exactly the allow-list', async () => {
    expect(await received(open, callMetadata(contextOf(ALICE)))).toEqual({
      ...GRPC_OWN,
      'x-gateway-subject': 'alice',
      'x-gateway-tenant': 'acme',
      'x-gateway-permissions': 'user.read tenant:admin:own',
      'x-gateway-auth-method': 'jwt',
      'x-request-id': 'req-1',
      traceparent: TRACEPARENT,
    });
  });

  it('is "none" on open endpoints: such a call does not come from inside', async () => {
    expect(await received(open, callMetadata(contextOf()))).toEqual({
      ...GRPC_OWN,
      'x-gateway-auth-method': 'none',
      'x-request-id': 'req-1',
      traceparent: TRACEPARENT,
    });
  });

  it.each([[[]], [undefined]])(
    'holds every key of the identity, empty where there is nothing to tell: %j',
    async (permissions) => {
      const seen = await received(open, callMetadata(contextOf({ tenantId: '', permissions })));
      expect(seen).toEqual({
        ...GRPC_OWN,
        'x-gateway-subject': 'alice',
        'x-gateway-tenant': '',
        'x-gateway-permissions': '',
        'x-gateway-auth-method': 'jwt',
        'x-request-id': 'req-1',
        traceparent: TRACEPARENT,
      });
    },
  );

  it('cannot hold a key that the gateway did not mean to send', async () => {
    const poison = {
      'x-request-id': 'req-1',
      connection: 'close',
      'keep-alive': 'timeout=5',
      upgrade: 'h2c',
      'proxy-connection': 'close',
      'transfer-encoding': 'chunked',
      'http2-settings': 'AAMAAABk',
      authorization: 'Bearer x',
      'grpc-timeout': '99999S',
      ':path': '/admin',
      'x-gateway-anything': 'x',
      X_Gateway_Tenant: 'other',
    };
    expect(await received(open, poison)).toEqual({ ...GRPC_OWN, 'x-request-id': 'req-1' });
  });

  it.each([
    ['Société', 'Soci%C3%A9t%C3%A9'],
    ['🦊', '%F0%9F%A6%8A'],
    ['a\r\nx-gateway-tenant: b', 'a%0D%0Ax-gateway-tenant:%20b'],
    ['nul\u0000', 'nul%00'],
    ['100%', '100%25'],
    [' acme ', '%20acme%20'],
  ])('keeps %j apart from every other tenant', async (tenantId, encoded) => {
    const seen = await received(open, callMetadata(contextOf({ tenantId })));
    expect(seen['x-gateway-tenant']).toBe(encoded);
    expect(decodeURIComponent(encoded)).toBe(tenantId);
  });

  it('cuts a long list of permissions between two of them', () => {
    const permissions = Array.from({ length: 1_000 }, (_, n) => `resource${n}.read`);
    const list = callMetadata(contextOf({ permissions }))['x-gateway-permissions'] ?? '';
    expect(list.length).toBeLessThanOrEqual(4_096);
    expect(permissions.slice(0, list.split(' ').length)).toEqual(list.split(' '));
  });

  it('is made once for each principal', () => {
    const reads: string[] = [];
    const principal = new Proxy(ALICE, {
      get: (target, key: keyof Principal) => {
        reads.push(key);
        return target[key];
      },
    });
    const context = contextOf();
    context.principal = principal;
    callMetadata(context);
    const first = reads.length;
    callMetadata(context);
    expect(first).toBeGreaterThan(0);
    expect(reads).toHaveLength(first);
  });
});
