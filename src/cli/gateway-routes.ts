import type { Type } from '@nestjs/common';
import { MeController } from '../api/me/me.controller.js';
import { OpenApiController } from '../edge/docs/openapi.controller.js';
import { PagesController } from '../edge/docs/pages.controller.js';
import { ReferenceController } from '../edge/docs/reference.controller.js';
import { type OwnRoute, ownRoutes } from '../edge/own-routes.js';
import { HealthController } from '../ops/health.controller.js';
import { MetricsController } from '../ops/metrics.controller.js';
import { BackchannelController } from '../sso/backchannel.controller.js';
import { LoginController } from '../sso/login.controller.js';
import { SessionController } from '../sso/session.controller.js';
import type { World } from './world.js';

/** A route that the gateway answers itself, on its main port. */
export type GatewayRoute = Pick<OwnRoute, 'verb' | 'path' | 'policy'>;

/** Those of them that the settings mount. */
export function gatewayRoutes({ inspection: { settings, providers } }: World): GatewayRoute[] {
  const hasMetrics = settings.ENABLE_METRICS !== false && settings.OPS_PORT === undefined;
  const controllers: Type[] = [
    HealthController,
    MeController,
    PagesController,
    ...(settings.GATEWAY_DOCS === false ? [] : [OpenApiController, ReferenceController]),
    ...(providers.length === 0 ? [] : [LoginController, SessionController, BackchannelController]),
  ];
  return [
    ...controllers.flatMap((controller) => ownRoutes(controller)),
    ...(hasMetrics ? ownRoutes(MetricsController).map((route) => ({ ...route, path: '/metrics' })) : []),
  ];
}

/** Those that a path stands for, whatever the method; duplicate and trailing slashes do not matter. */
export function routesAt(routes: readonly GatewayRoute[], path: string): GatewayRoute[] {
  const segments = path.split('?', 1)[0]?.split('/').filter(Boolean) ?? [];
  return routes.filter(({ path: template }) => {
    const parts = template.split('/').filter(Boolean);
    return parts.length === segments.length && parts.every((part, n) => part.startsWith(':') || part === segments[n]);
  });
}
