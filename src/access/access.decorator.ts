import { RouteConfig } from '@nestjs/platform-fastify';
import type { Access as AccessLevel, Policy } from '../domain/policy.js';

/** The policy of a route that is no RPC: nothing but who may call it. */
export function ownRoutePolicy(access: AccessLevel, permissions: readonly string[] = []): Policy {
  return Object.freeze({
    access,
    permissions,
    roles: [],
    tenantField: undefined,
    protectedFields: [],
    redact: [],
    responseTenantFields: [],
    timeoutMs: undefined,
    retry: undefined,
    cache: undefined,
    maxConcurrent: 0,
    rate: undefined,
    cost: 1,
    fallback: undefined,
    stream: { idleTimeoutMs: undefined, maxDurationMs: undefined, maxMessages: 0 },
    maxBodyBytes: undefined,
    successStatus: 200,
  });
}

/** Says who may call a hand-written route. Without it nobody may. */
export function Access(access: AccessLevel, ...permissions: string[]): MethodDecorator {
  return RouteConfig({ policy: ownRoutePolicy(access, permissions) });
}
