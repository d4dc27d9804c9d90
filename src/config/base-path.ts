import type { ConfigWarning } from './config-error.js';
import type { GatewayConfig } from './gateway-config.js';

/** Returns the path of the public URL without a trailing slash; empty without a path. */
export function basePathOf(publicUrl: string | undefined): string {
  return publicUrl === undefined ? '' : new URL(publicUrl).pathname.replace(/\/$/, '');
}

/** Warns of a base path that is also a prefix of routes: it is then ambiguous whether a proxy has stripped it. */
export function basePathWarnings(
  templates: readonly string[],
  { server: { basePath } }: Pick<GatewayConfig, 'server'>,
): readonly ConfigWarning[] {
  const route = basePath === '' ? undefined : templates.find((template) => template.startsWith(`${basePath}/`));
  if (route === undefined) return [];
  const reason = `has the path ${basePath}, which routes also begin with: ${route} is served as ${basePath}${route}`;
  const hint = 'leave the path out to serve routes as they are, or choose one that no route begins with';
  return [{ name: 'GATEWAY_PUBLIC_URL', reason, hint }];
}
