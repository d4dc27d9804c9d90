import { controllersOf } from '../adopted-modules.js';
import { type GatewayRoute, type StaticFeatures, staticRoutes } from '../static-routes.js';
import type { CliContext } from './cli-context.js';

/** Returns the routes that the gateway answers itself with these settings, valid or not. */
export function gatewayRoutes(context: CliContext): GatewayRoute[] {
  return staticRoutes(featuresIn(context));
}

/** Returns the features enabled by the valid settings. */
export function featuresIn({ inspection: { settings, providers }, modules }: CliContext): StaticFeatures {
  return {
    docs: settings.GATEWAY_DOCS !== false,
    sso: providers.length > 0,
    metrics: settings.ENABLE_METRICS !== false,
    ops: settings.OPS_PORT !== undefined,
    controllers: controllersOf(modules),
  };
}

/** Returns the routes that match a path, with any method. Duplicate and trailing slashes are ignored. */
export function routesAt(routes: readonly GatewayRoute[], path: string): GatewayRoute[] {
  const segments = path.split('?', 1)[0]?.split('/').filter(Boolean) ?? [];
  return routes.filter(({ path: template }) => {
    const parts = template.split('/').filter(Boolean);
    return parts.length === segments.length && parts.every((part, n) => part.startsWith(':') || part === segments[n]);
  });
}
