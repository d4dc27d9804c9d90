import { RouteConfig } from '@nestjs/platform-fastify';
import { policyOf, type Access as AccessLevel } from '../domain/policy.js';

/**
 * Sets the access level of a hand-written route, and the permissions that it requires. A route without it is not
 * exposed.
 */
export function Access(access: AccessLevel, ...permissions: string[]): MethodDecorator {
  return RouteConfig({ policy: policyOf(access, { permissions }) });
}

/**
 * Sets AUTHENTICATED access for a route that a browser may poll: a request with `?peek=1` does not extend its session.
 */
export function PeekableAccess(): MethodDecorator {
  return RouteConfig({ policy: policyOf('AUTHENTICATED', { peekSession: true }) });
}
