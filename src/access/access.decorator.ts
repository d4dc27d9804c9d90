import { RouteConfig } from '@nestjs/platform-fastify';
import { policyOf, type Access as AccessLevel } from '../domain/policy.js';

/** Says who may call a hand-written route. Without it nobody may. */
export function Access(access: AccessLevel, ...permissions: string[]): MethodDecorator {
  return RouteConfig({ policy: policyOf(access, { permissions }) });
}

/** The same for a route that a signed-in browser may poll: with `?peek=1` a request does not prolong its session. */
export function PeekableAccess(): MethodDecorator {
  return RouteConfig({ policy: policyOf('AUTHENTICATED', { peekSession: true }) });
}
