import { expect, it } from 'vitest';
import type { RpcMethod } from '../domain/rpc-method.js';
import type { GatewayConfig } from './gateway-config.js';
import { unusedUpstreams } from './route-warnings.js';

const methods = [
  { upstream: 'billing', policy: {} },
  { upstream: 'user', policy: { fallback: { kind: 'upstream', upstream: 'archive' } } },
] as RpcMethod[];
const warningsOf = (...names: string[]) => {
  const upstreams = new Map(names.map((name) => [name, {}])) as unknown as GatewayConfig['upstreams'];
  return unusedUpstreams(methods, { upstreams }).map(({ name, hint }) => `${name}: ${hint}`);
};

it('reports an upstream that no RPC calls, and what may be meant', () => {
  expect(warningsOf('user', 'biling', 'warehouse')).toEqual([
    'BILING_SERVICE_URL: did you mean BILLING_SERVICE_URL?',
    'WAREHOUSE_SERVICE_URL: mount its descriptor set with GATEWAY_DESCRIPTORS, or remove it',
  ]);
});

it('counts an upstream that only a fallback calls as used', () => {
  expect(warningsOf('billing', 'user', 'archive')).toEqual([]);
});
