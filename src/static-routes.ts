import type { Type } from '@nestjs/common';
import { MeController } from './api/me/me.controller.js';
import type { Policy } from './domain/policy.js';
import { OpenApiController, ReferenceController } from './edge/docs/reference.controller.js';
import { PagesController } from './edge/docs/pages.controller.js';
import { controlledService } from './edge/rpc-controller.js';
import { controllerRoutes } from './edge/controller-routes.js';
import { HealthController } from './ops/health.controller.js';
import { MetricsController } from './ops/metrics.controller.js';
import { MetricsOffController } from './ops/metrics-off.controller.js';
import { BackchannelController } from './sso/backchannel.controller.js';
import { LoginController } from './sso/login.controller.js';
import { SessionController } from './sso/session.controller.js';

/** Route that the gateway answers itself, on its main port. */
export interface GatewayRoute {
  readonly verb: string;
  /** In Nest's syntax: `/auth/:provider/login`. */
  readonly path: string;
  readonly policy: Policy | undefined;
}

/** Features that the static routes depend on. */
export interface StaticFeatures {
  readonly docs: boolean;
  readonly sso: boolean;
  /** Metrics are enabled. */
  readonly metrics: boolean;
  /** Metrics and health have a separate port. */
  readonly ops: boolean;
  /** Controllers of adopted modules. */
  readonly controllers: readonly Type[];
}

/** Returns the routes that the application mounts in addition to those of the contracts. */
export function staticRoutes({ docs, sso, metrics, ops, controllers: adopted }: StaticFeatures): GatewayRoute[] {
  const controllers: Type[] = [
    HealthController,
    MeController,
    PagesController,
    ...(docs ? [OpenApiController, ReferenceController] : []),
    ...(sso ? [LoginController, SessionController, BackchannelController] : []),
    ...(metrics ? [] : [MetricsOffController]),
    ...adopted.filter((controller) => controlledService(controller) === undefined),
  ];
  return [
    ...controllers.flatMap((controller) => controllerRoutes(controller)),
    ...(metrics && !ops ? controllerRoutes(MetricsController).map((route) => ({ ...route, path: '/metrics' })) : []),
  ];
}
