import { RouteConfig } from '@nestjs/platform-fastify';
import { policyOf, type Access as AccessLevel } from '../domain/policy.js';

/** Says who may call a hand-written route. Without it nobody may. */
export function Access(access: AccessLevel, ...permissions: string[]): MethodDecorator {
  return RouteConfig({ policy: policyOf(access, { permissions }) });
}
