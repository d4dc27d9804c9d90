import type { GatewayConfig } from '../../../config/gateway-config.js';
import type { Contract } from '../../../contract/contract.js';
import type { Route } from '../../../contract/route.js';
import { responseTimeoutOf } from '../../../traffic/deadline.js';

/** Shows the routes of the mounted contract with their policies. */
export function showRoutes({ routes }: Contract, config: GatewayConfig): object {
  return { count: routes.length, routes: routes.map(({ route }) => describeRoute(route, config)) };
}

/** Describes one route as `gateway routes --json` does, and the limits of its policy. */
export function describeRoute({ verb, template, method }: Route, config: GatewayConfig): object {
  const { policy } = method;
  return {
    verb,
    template,
    rpc: `${method.service}.${method.name}`,
    kind: method.kind,
    upstream: method.upstream,
    access: policy.access,
    permissions: policy.permissions,
    roles: policy.roles,
    tenantField: policy.tenantField ?? null,
    timeoutMs: responseTimeoutOf(method, config),
    maxConcurrent: policy.maxConcurrent === 0 ? null : policy.maxConcurrent,
    rates: policy.rates,
    cost: policy.cost,
    retryAttempts: policy.retry?.maxAttempts ?? 1,
    cacheTtlMs: policy.cache?.ttlMs ?? null,
    fallback: policy.fallback?.kind ?? null,
  };
}
